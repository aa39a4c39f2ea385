// Added tokens: names that are cut out of a text before (or, with `normalized`, after) normalisation and become one id
// each. From left to right, of several that start at a place the longest wins; a single_word token counts only where no
// word character touches it; lstrip and rstrip swallow the white space beside it.
// Source: tokenizers 0.19.1, added_vocabulary.rs.
import { quote } from '../config/quote.ts'
import type { JsonAt } from './json-at.ts'
import { MAX_ADDED_LENGTH, MAX_VOCAB } from './limits.ts'

export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly singleWord: boolean
  readonly lstrip: boolean
  readonly rstrip: boolean
  readonly normalized: boolean
  readonly special: boolean
}

/**
 * The list `added_tokens`. A token that is no piece of the vocabulary gets the next free id there; a file that says
 * otherwise would mean other ids in Python than it says, so it is refused.
 * @throws SailError E_TOKENIZER_ADDED, E_TOKENIZER_FIELD
 */
export function readAddedTokens(list: JsonAt, vocab: ReadonlyMap<string, number>): AddedToken[] {
  if (list.isNull) return []
  let next = vocab.size
  const seen = new Set<string>()
  return list.array(MAX_VOCAB).map((item) => {
    const content = item.get('content').string(1, MAX_ADDED_LENGTH)
    const id = item.get('id').integer(0, MAX_VOCAB - 1)
    if (seen.has(content)) throw item.fault('E_TOKENIZER_ADDED', 'each token once', `${quote(content, 48)} again`)
    seen.add(content)
    const wanted = vocab.get(content) ?? next++
    if (id !== wanted)
      throw item
        .get('id')
        .fault('E_TOKENIZER_ADDED', `${wanted} for ${quote(content, 48)}`, `${id}`, 'ids leave no gaps')
    return {
      id,
      content,
      singleWord: item.get('single_word').boolean(false),
      lstrip: item.get('lstrip').boolean(false),
      rstrip: item.get('rstrip').boolean(false),
      normalized: item.get('normalized').boolean(false),
      special: item.get('special').boolean(false),
    }
  })
}

interface TrieNode {
  readonly children: Map<number, TrieNode>
  token: AddedToken | null
}

/** Finds a set of added tokens in texts. */
export class AddedTokenFinder {
  readonly #root: TrieNode = { children: new Map(), token: null }

  /** @param tokens with the text that each is found by; of two with the same text the first counts */
  constructor(tokens: readonly (readonly [string, AddedToken])[]) {
    for (const [pattern, token] of tokens) {
      let node = this.#root
      for (let i = 0; i < pattern.length; i++) {
        const unit = pattern.charCodeAt(i)
        let child = node.children.get(unit)
        if (child === undefined) {
          child = { children: new Map(), token: null }
          node.children.set(unit, child)
        }
        node = child
      }
      node.token ??= token
    }
  }

  /** The text in parts: ids of added tokens, and what stands between them (never empty). */
  split(text: string): (string | number)[] {
    const parts: (string | number)[] = []
    let done = 0
    for (let i = 0; i < text.length; ) {
      const match = this.#longestAt(text, i)
      if (match === null) {
        i++
        continue
      }
      const { token, end } = match
      if (!token.singleWord || standsAlone(text, i, end)) {
        const start = token.lstrip ? spaceStart(text, i, done) : i
        if (done < start) parts.push(text.slice(done, start))
        parts.push(token.id)
        // What lies between `end` and a `done` beyond it is white space that an earlier token swallowed.
        done = token.rstrip ? spaceEnd(text, Math.max(end, done)) : end
      }
      i = end
    }
    if (done < text.length) parts.push(text.slice(done))
    return parts
  }

  #longestAt(text: string, start: number): { readonly token: AddedToken; readonly end: number } | null {
    let best: { token: AddedToken; end: number } | null = null
    let node: TrieNode | undefined = this.#root
    for (let i = start; i < text.length; ) {
      node = node.children.get(text.charCodeAt(i++))
      if (node === undefined) break
      if (node.token !== null) best = { token: node.token, end: i }
    }
    return best
  }
}

const WORD = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u
const SPACE = /^\p{White_Space}$/u

function standsAlone(text: string, start: number, end: number): boolean {
  const last = [...text.slice(Math.max(0, start - 2), start)].at(-1) ?? ''
  const first = end < text.length ? String.fromCodePoint(text.codePointAt(end)!) : ''
  return !WORD.test(last) && !WORD.test(first)
}

// All white space lies in the first plane, so these may go by UTF-16 units.
function spaceStart(text: string, end: number, least: number): number {
  let start = end
  while (start > least && SPACE.test(text[start - 1])) start--
  return start
}

function spaceEnd(text: string, start: number): number {
  let end = start
  while (end < text.length && SPACE.test(text[end])) end++
  return end
}
