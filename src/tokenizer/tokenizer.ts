// tokenizer.json -> ids and back, exactly as Python's tokenizers 0.19.1 does it: added tokens are cut out, the rest is
// normalised, cut into words and joined by BPE; decoding runs the token strings through the file's decoder.
// Written out rather than taken from a package, because the packages measured differ from Python in corner cases and
// compile whatever regular expression a file brings.
// Truncation and padding of the file are not applied: transformers switches them off for every call.
import { readJson } from '../config/json.ts'
import { quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'
import { type AddedToken, AddedTokenFinder, readAddedTokens } from './added-tokens.ts'
import { type BpeModel, encodeWord } from './bpe.ts'
import { readDecoder } from './decoder.ts'
import { JsonAt } from './json-at.ts'
import { MAX_FILE, MAX_NESTING, MAX_TEXT } from './limits.ts'
import { type Normalizer, readNormalizer } from './normalizer.ts'
import { type PostProcessor, readPostProcessor } from './post-processor.ts'
import { type PreTokenizer, readPreTokenizer } from './pre-tokenizer.ts'
import { readBpe } from './read-bpe.ts'
import type { StageMaker } from './stage.ts'
import { StreamDecoder } from './stream-decoder.ts'
import { pieceNames } from './vocabulary.ts'

export interface EncodeOptions {
  /** Adds what the file's post-processor puts around a text, such as `<s>`; default false. */
  readonly addSpecialTokens?: boolean
}

export interface DecodeOptions {
  /** Leaves special tokens out of the text; default true. */
  readonly skipSpecialTokens?: boolean
}

export class Tokenizer {
  readonly file: string
  /** Ids of the added tokens that are marked special. */
  readonly specialIds: ReadonlySet<number>
  /** Token strings by id. */
  readonly #names: readonly string[]
  readonly #ids: ReadonlyMap<string, number>
  readonly #model: BpeModel
  readonly #raw: AddedTokenFinder
  readonly #normalized: AddedTokenFinder
  readonly #normalize: Normalizer
  readonly #words: PreTokenizer
  readonly #around: PostProcessor
  readonly #decoder: StageMaker

  /**
   * @param input the text or bytes of tokenizer.json   @param file its name, for messages
   * @throws SailError E_TOKENIZER_* with the place in the file
   */
  static fromJson(input: string | Uint8Array, file: string): Tokenizer {
    return new Tokenizer(parse(input, file))
  }

  private constructor(root: JsonAt) {
    this.file = root.file
    this.#model = readBpe(root.get('model'))
    const added = readAddedTokens(root.get('added_tokens'), this.#model.vocab)
    this.#names = pieceNames(root, this.#model.vocab, added)
    this.#ids = new Map(this.#names.map((name, id) => [name, id]))
    this.specialIds = new Set(added.filter((token) => token.special).map((token) => token.id))
    this.#normalize = readNormalizer(root.get('normalizer'))
    // Where two tokens are found by the same text, a special one counts.
    const order = [...added.filter((token) => token.special), ...added.filter((token) => !token.special)]
    const finder = (normalized: boolean, pattern: (token: AddedToken) => string): AddedTokenFinder =>
      new AddedTokenFinder(order.filter((t) => t.normalized === normalized).map((t) => [pattern(t), t]))
    this.#raw = finder(false, (token) => token.content)
    this.#normalized = finder(true, (token) => this.#normalize(token.content))
    this.#words = readPreTokenizer(root.get('pre_tokenizer'))
    this.#around = readPostProcessor(root.get('post_processor'), this.#names.length)
    this.#decoder = readDecoder(root.get('decoder'))
  }

  /** Number of ids, added tokens included. */
  get vocabSize(): number {
    return this.#names.length
  }

  /** Ids of a text. @throws SailError E_TOKENIZER_SURROGATE, E_TOKENIZER_TEXT_SIZE, E_TOKENIZER_UNKNOWN */
  encode(text: string, { addSpecialTokens = false }: EncodeOptions = {}): number[] {
    checkText(text)
    const parts = this.#raw
      .split(text)
      .flatMap((part) => (typeof part === 'number' ? [part] : this.#normalized.split(this.#normalize(part))))
    const ids: number[] = []
    for (const [i, part] of parts.entries()) {
      if (typeof part === 'number') ids.push(part)
      else for (const word of this.#words(part, i === 0)) encodeWord(this.#model, word, ids)
    }
    return addSpecialTokens ? [...this.#around(ids)] : ids
  }

  /**
   * Text of ids, without clean-up of spaces. Ids past the vocabulary stand for nothing, as in Python: a model's head
   * may have more rows than the tokenizer has tokens.
   * @throws SailError E_TOKENIZER_ID for what is no id at all
   */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    const stream = this.createStreamDecoder(options)
    let text = ''
    for (const id of ids) text += stream.push(id)
    return text + stream.flush()
  }

  /** Decodes ids as they come; the pieces add up to what `decode` gives for all of them. */
  createStreamDecoder({ skipSpecialTokens = true }: DecodeOptions = {}): StreamDecoder {
    return new StreamDecoder(this.#decoder, (id) => {
      if (!(Number.isInteger(id) && id >= 0)) throw this.#notAnId(id)
      return skipSpecialTokens && this.specialIds.has(id) ? undefined : this.#names[id]
    })
  }

  /** Token strings of ids, as they stand in the file. @throws SailError E_TOKENIZER_ID for an id that has none */
  pieces(ids: Iterable<number>): string[] {
    return Array.from(ids, (id) => {
      const name = this.#names[id]
      if (name === undefined) throw this.#notAnId(id)
      return name
    })
  }

  /** Id of a token by its name. @throws SailError E_TOKENIZER_NO_TOKEN when there is none */
  tokenId(name: string): number {
    const id = this.#ids.get(name)
    if (id !== undefined) return id
    throw new SailError('E_TOKENIZER_NO_TOKEN', {
      file: this.file,
      place: 'added_tokens and model.vocab',
      expected: `a token ${quote(name, 48)}`,
      found: 'none',
      hint: 'take the tokenizer.json of this checkpoint',
    })
  }

  #notAnId(id: number): SailError {
    return new SailError('E_TOKENIZER_ID', {
      file: this.file,
      expected: `an id from 0 to ${this.vocabSize - 1}`,
      found: String(id),
    })
  }
}

function parse(input: string | Uint8Array, file: string): JsonAt {
  const root = new JsonAt(
    readJson(input, { file, subject: 'TOKENIZER', maxBytes: MAX_FILE, maxDepth: MAX_NESTING }),
    file,
    '',
  )
  root.object()
  return root
}

function checkText(text: string): void {
  if (text.length > MAX_TEXT)
    throw new SailError('E_TOKENIZER_TEXT_SIZE', {
      place: 'text',
      expected: `at most ${MAX_TEXT} characters`,
      found: `${text.length}`,
    })
  const surrogate = text.search(/\p{Surrogate}/u)
  if (surrogate >= 0)
    throw new SailError('E_TOKENIZER_SURROGATE', {
      place: `character ${surrogate} of the text`,
      expected: 'well-formed Unicode',
      found: `the unpaired surrogate U+${text.charCodeAt(surrogate).toString(16).toUpperCase()}`,
    })
}
