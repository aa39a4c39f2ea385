// Bounds on what a tokenizer.json may ask for. All are far above any tokenizer in use; they keep a hostile file from
// taking memory or time out of proportion to its size.

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
/** UTF-16 units of a text, also after every normaliser. */
export const MAX_TEXT = 2 ** 24
