// Byte-pair encoding: a word starts as its characters; the neighbours whose merge stands first in the list are joined,
// the leftmost first, until no neighbours can be. A character that the vocabulary lacks becomes its UTF-8 bytes
// `<0x..>` (byte fallback), else the unknown token, else nothing.
// The symbols are a linked list and the candidate merges a heap, so n characters take n log n steps; the Llama
// arrangement has no words, there n is the length of the whole text.
// Source: tokenizers 0.19.1, models/bpe (merge_word, merge_all), whose corner cases are kept.
import { quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'
import { MergeHeap } from './merge-heap.ts'

export interface BpeModel {
  readonly vocab: ReadonlyMap<string, number>
  /** Rank of the merge of ids a and b, under the key pairKey(a, b). */
  readonly ranks: ReadonlyMap<number, number>
  /** Id of the joined piece, by rank. */
  readonly joined: Int32Array
  /** Ids of the 256 pieces `<0x00>` .. `<0xFF>`, -1 where absent; null without byte fallback. */
  readonly byteIds: Int32Array | null
  readonly unknown: { readonly token: string; readonly fuse: boolean } | null
  /** A word that is itself a piece is taken whole, whatever the merges say. */
  readonly ignoreMerges: boolean
}

/** Ids stay below 2^21, so the key is exact. */
export const pairKey = (a: number, b: number): number => a * 2 ** 21 + b

const utf8 = new TextEncoder()

/** Appends the ids of one word to `out`. @throws SailError E_TOKENIZER_UNKNOWN when it needs an unknown token that is no piece */
export function encodeWord(model: BpeModel, word: string, out: number[]): void {
  if (model.ignoreMerges) {
    const whole = model.vocab.get(word)
    if (whole !== undefined) {
      out.push(whole)
      return
    }
  }
  mergeAll(model, startIds(model, word), out)
}

/** Ids of the characters, before any merge. */
function startIds(model: BpeModel, word: string): number[] {
  const ids: number[] = []
  let pending: number | null = null
  for (const char of word) {
    const id = model.vocab.get(char)
    if (id !== undefined) {
      if (pending !== null) ids.push(pending)
      pending = null
      ids.push(id)
      continue
    }
    // A pending unknown token is not written before the bytes: it comes after them, as in tokenizers.
    if (pushBytes(model, char, ids) || model.unknown === null) continue
    if (pending !== null && !model.unknown.fuse) ids.push(pending)
    pending = unknownId(model.vocab, model.unknown.token, char)
  }
  if (pending !== null) ids.push(pending)
  return ids
}

function pushBytes(model: BpeModel, char: string, ids: number[]): boolean {
  const { byteIds } = model
  if (byteIds === null) return false
  const bytes = utf8.encode(char)
  if (bytes.some((byte) => byteIds[byte] < 0)) return false
  for (const byte of bytes) ids.push(byteIds[byte])
  return true
}

function unknownId(vocab: ReadonlyMap<string, number>, token: string, char: string): number {
  const id = vocab.get(token)
  if (id !== undefined) return id
  throw new SailError('E_TOKENIZER_UNKNOWN', {
    place: 'model.unk_token',
    expected: `a piece of the vocabulary, needed for the character ${quote(char)}`,
    found: quote(token),
  })
}

/** Joins neighbours by rising rank and appends what is left to `out`. */
function mergeAll({ ranks, joined }: BpeModel, ids: readonly number[], out: number[]): void {
  const n = ids.length
  const at = Int32Array.from(ids) // id of the symbol that starts at a place, -1 once it is part of the one before
  const next = Int32Array.from(ids, (_, i) => i + 1) // n: none
  const previous = Int32Array.from(ids, (_, i) => i - 1)
  const heap = new MergeHeap()
  const offer = (left: number, right: number): void => {
    const rank = ranks.get(pairKey(at[left], at[right]))
    if (rank !== undefined) heap.push(rank, left)
  }
  for (let i = 0; i + 1 < n; i++) offer(i, i + 1)

  while (heap.pop()) {
    const { rank, place } = heap
    const right = next[place]
    if (at[place] < 0 || right >= n) continue
    // The pair may have changed since it was offered; it still counts if it joins to the same piece.
    const now = ranks.get(pairKey(at[place], at[right]))
    if (now === undefined || joined[now] !== joined[rank]) continue
    at[place] = joined[rank]
    at[right] = -1
    const after = next[right]
    next[place] = after
    if (previous[place] >= 0) offer(previous[place], place)
    if (after < n) {
      previous[after] = place
      offer(place, after)
    }
  }
  for (let i = 0; i < n; i = next[i]) out.push(at[i])
}
