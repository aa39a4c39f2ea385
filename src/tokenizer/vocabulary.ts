// All pieces by id: those of the model and the added tokens. Ids must run from 0 without a gap, so that every row of
// the embedding table that a tokenizer can ask for has a name.
import { quote } from '../config/quote.ts'
import type { AddedToken } from './added-tokens.ts'
import type { JsonAt } from './json-at.ts'
import { MAX_VOCAB } from './limits.ts'

/** @throws SailError E_TOKENIZER_ID_TWICE, E_TOKENIZER_ID_GAP */
export function pieceNames(root: JsonAt, vocab: ReadonlyMap<string, number>, added: readonly AddedToken[]): string[] {
  const fresh = added.filter((token) => !vocab.has(token.content))
  const size = vocab.size + fresh.length
  if (size > MAX_VOCAB) throw root.get('added_tokens').not(`at most ${MAX_VOCAB} pieces in all`, `${size}`)
  const names = new Array<string | undefined>(size).fill(undefined)
  const place = (name: string, id: number, where: string): void => {
    if (id >= size)
      throw root.get(where).fault('E_TOKENIZER_ID_GAP', `ids 0 to ${size - 1}`, `${id} for ${quote(name, 48)}`)
    if (names[id] !== undefined)
      throw root.get(where).fault('E_TOKENIZER_ID_TWICE', 'one piece an id', `${id} again, for ${quote(name, 48)}`)
    names[id] = name
  }
  for (const [name, id] of vocab) place(name, id, 'model')
  for (const { content, id } of fresh) place(content, id, 'added_tokens')
  // size distinct ids below size: no gap is left.
  return names as string[]
}
