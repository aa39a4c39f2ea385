// The `model` of tokenizer.json -> BpeModel, checked: ids are whole numbers, no two the same; every merge joins two
// pieces of the vocabulary to a third. Pieces live in a Map, so no piece can be mistaken for an object's own method.
import type { JsonValue } from '../config/json.ts'
import { quote } from '../config/quote.ts'
import { type BpeModel, pairKey } from './bpe.ts'
import { describe, type JsonAt } from './json-at.ts'
import { MAX_MERGES, MAX_VOCAB } from './limits.ts'

/** @throws SailError E_TOKENIZER_MODEL, E_TOKENIZER_OPTION, E_TOKENIZER_ID, E_TOKENIZER_ID_TWICE, E_TOKENIZER_MERGE, E_TOKENIZER_FIELD */
export function readBpe(model: JsonAt): BpeModel {
  const type = model.get('type')
  // Files from before 2021 name no type; they are told by their merges.
  if (!(type.value === 'BPE' || (type.value === undefined && !model.get('merges').isNull)))
    throw type.fault('E_TOKENIZER_MODEL', 'BPE', type.shown)
  refuseOptions(model)
  const vocab = readVocab(model.get('vocab'))
  const unknown = model.get('unk_token')
  return {
    vocab,
    ...readMerges(model.get('merges'), vocab),
    byteIds: model.get('byte_fallback').boolean(false) ? byteIds(vocab) : null,
    unknown: unknown.isNull
      ? null
      : { token: unknown.string(0, MAX_VOCAB), fuse: model.get('fuse_unk').boolean(false) },
    ignoreMerges: model.get('ignore_merges').boolean(false),
  }
}

function refuseOptions(model: JsonAt): void {
  const dropout = model.get('dropout')
  if (!(dropout.isNull || dropout.value === 0))
    throw dropout.fault('E_TOKENIZER_OPTION', 'null: dropout would make ids random', dropout.shown)
  for (const key of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    const affix = model.get(key)
    if (!(affix.isNull || affix.value === ''))
      throw affix.fault('E_TOKENIZER_OPTION', 'null or "": word affixes are not supported', affix.shown)
  }
}

function readVocab(place: JsonAt): Map<string, number> {
  const entries = place.object()
  if (entries.size === 0 || entries.size > MAX_VOCAB) throw place.not(`1 to ${MAX_VOCAB} pieces`, `${entries.size}`)
  const vocab = new Map<string, number>()
  const seen = new Set<number>()
  for (const [piece, id] of entries) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= MAX_VOCAB)
      throw place.get(piece).fault('E_TOKENIZER_ID', `an id from 0 to ${MAX_VOCAB - 1}`, describe(id))
    if (seen.has(id))
      throw place.fault('E_TOKENIZER_ID_TWICE', 'one piece an id', `${id} again, for ${quote(piece, 48)}`)
    seen.add(id)
    vocab.set(piece, id)
  }
  return vocab
}

function readMerges(place: JsonAt, vocab: ReadonlyMap<string, number>): Pick<BpeModel, 'ranks' | 'joined'> {
  const merges = place.list(MAX_MERGES)
  const ranks = new Map<number, number>()
  const joined: number[] = []
  for (const [i, merge] of merges.entries()) {
    if (typeof merge === 'string' && merge.startsWith('#version')) continue
    // Either "a b" or, since tokenizers 0.20, ["a", "b"].
    const parts = typeof merge === 'string' ? merge.split(' ') : merge
    const [left, right, both] = mergeIds(parts, vocab)
    if (left === undefined || right === undefined || both === undefined)
      throw place.fault(
        'E_TOKENIZER_MERGE',
        'two pieces of the vocabulary that join to a third',
        `${describe(merge)} at [${i}]`,
      )
    ranks.set(pairKey(left, right), joined.length) // of two equal merges the later one counts, as in tokenizers
    joined.push(both)
  }
  return { ranks, joined: Int32Array.from(joined) }
}

function mergeIds(parts: JsonValue, vocab: ReadonlyMap<string, number>): (number | undefined)[] {
  if (!Array.isArray(parts) || parts.length !== 2) return []
  const [left, right] = parts as readonly JsonValue[]
  if (typeof left !== 'string' || typeof right !== 'string') return []
  return [vocab.get(left), vocab.get(right), vocab.get(left + right)]
}

function byteIds(vocab: ReadonlyMap<string, number>): Int32Array {
  const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')
  return Int32Array.from({ length: 256 }, (_, byte) => vocab.get(`<0x${hex(byte)}>`) ?? -1)
}
