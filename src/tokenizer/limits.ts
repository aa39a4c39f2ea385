// Bounds on what a tokenizer.json may ask for. All are far above any tokenizer in use; they keep a hostile file from
// taking memory or time out of proportion to its size.
import { SailError } from '../errors.ts'

/** Bytes of tokenizer.json, and levels of its JSON. */
export const MAX_FILE = 2 ** 27
export const MAX_NESTING = 24
/** Pieces of the vocabulary, added tokens included; merges. */
export const MAX_VOCAB = 2 ** 21
export const MAX_MERGES = 2 ** 22
/** UTF-16 units of one added token: matching looks that far ahead from every place of a text. */
export const MAX_ADDED_LENGTH = 512
/** Parts of a Sequence, and Sequences inside one another. */
export const MAX_PARTS = 32
export const MAX_DEPTH = 4
/** UTF-16 units of a text. */
export const MAX_TEXT = 2 ** 24
/** UTF-16 units that a decoder may make of one token. */
export const MAX_PIECE = 2 ** 16

/**
 * UTF-16 units that a text of this length may have while it is made ready for BPE. Bytes written as characters take at most
 * four times the room; a chain of steps that each make much of little would make a few characters fill the memory.
 */
export function mostUnits(length: number): number {
  return Math.min(MAX_TEXT, 16 * length + 4096)
}

/** Refuses a text before it is made too long; true otherwise. @throws SailError E_TOKENIZER_TEXT_SIZE */
export function sized(length: number, most: number): true {
  if (length <= most) return true
  throw new SailError('E_TOKENIZER_TEXT_SIZE', {
    place: 'text made by the steps of the tokenizer',
    expected: `at most ${most} characters`,
    found: `${length}`,
  })
}
