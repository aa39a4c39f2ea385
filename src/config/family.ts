// One record a model family: all that differs between SAIL and its siblings, as plain data. Nothing else branches on
// the model: code reads a field of the record. A sibling that needs a new field adds it here, with the value that
// keeps the others as they are.
// Sources: SAIL example.py and modeling_sail.py; MistralConfig and LlamaConfig of transformers 4.42 for the defaults.

interface PassRule {
  /** Name of the pass in stage names: prefix, text. */
  readonly name: string
  /** First token and end of the pass; 'prefix' is the length of the image prefix, 'end' that of the sequence. */
  readonly from: 0 | 'prefix'
  readonly to: 'prefix' | 'end'
  readonly mask: 'full' | 'causal'
  /** Whether config.slidingWindow applies (upstream ignores it in the prefix pass). */
  readonly window: boolean
}

/** What a key that config.json lacks means. */
interface ConfigDefaults {
  readonly slidingWindow: number | null
  readonly rmsNormEps: number
  readonly ropeTheta: number
  /** 'H': as many as query heads. */
  readonly numKeyValueHeads: number | 'H'
  readonly maxPositions: number
  /** Without a generation_config.json only; with one, no eos there means never. */
  readonly eosIds: readonly number[]
}

export interface Family {
  readonly name: string
  /** `model_type` values of config.json that this record stands for. */
  readonly modelTypes: readonly string[]
  /** Rule of the target size: patches at most (SAIL: area capped at 4096). Source: example.py get_resize_output_image_size. */
  readonly size: { readonly maxPatches: number } | null
  /** Names of the tokens around the patches, `begin patch * P end`; null: no images. Ids are always looked up by name. */
  readonly layout: { readonly begin: string; readonly patch: string; readonly end: string } | null
  /**
   * What a prompt is put into: `{bos}` is the token `bos`, `{prompt}` the text. Encoded as it stands, no tokens added.
   * null: the prompt as it is, with the tokens that tokenizer.json's post-processor adds.
   */
  readonly template: string | null
  /** Name of the token that `{bos}` stands for; null without a template. */
  readonly bos: string | null
  /** Passes of a sequence with an image, and of one without. */
  readonly imagePasses: readonly PassRule[]
  readonly textPasses: readonly PassRule[]
  /** Position ids: 'mrope', an image costs max(GH, GW) and patch (r, c) has its own h and w; 'index', the token's index. */
  readonly positions: 'mrope' | 'index'
  /** Rope sections where config.json names none: 'mrope' [0, E/4, E/4], '1d' [E/2, 0, 0]. */
  readonly ropeSections: 'mrope' | '1d'
  /** All ids from this token's on are never generated (SOLO: '<vision>'); null: none. */
  readonly suppressFrom: string | null
  /**
   * Tensor of the linear map from a flat patch to D, added to the patch token's embedding; null: the family reads no
   * images. The only tensor whose name differs between families; the others stand in weight-names.ts.
   */
  readonly patchEmbed: string | null
  readonly defaults: ConfigDefaults
}

const wholeText: readonly PassRule[] = [{ name: 'text', from: 0, to: 'end', mask: 'causal', window: true }]

const mistralDefaults: ConfigDefaults = {
  slidingWindow: 4096,
  rmsNormEps: 1e-6,
  ropeTheta: 10000,
  numKeyValueHeads: 8,
  maxPositions: 131072,
  eosIds: [2],
}

const sail: Family = {
  name: 'sail',
  modelTypes: ['mistral'],
  size: { maxPatches: 4096 },
  layout: { begin: '<vision>', patch: '<vpatch>', end: '</vision>' },
  template: '{bos}[INST] {prompt} [/INST]',
  bos: '<s>',
  imagePasses: [
    { name: 'prefix', from: 0, to: 'prefix', mask: 'full', window: false },
    { name: 'text', from: 'prefix', to: 'end', mask: 'causal', window: true },
  ],
  textPasses: wholeText,
  positions: 'mrope',
  ropeSections: 'mrope',
  suppressFrom: null,
  patchEmbed: 'model.vis_embed.weight',
  defaults: mistralDefaults,
}

/** Text-only checkpoints with Llama's defaults: no window, as many key/value heads as query heads. */
const text: Family = {
  name: 'text',
  modelTypes: ['llama'],
  size: null,
  layout: null,
  template: null,
  bos: null,
  imagePasses: [],
  textPasses: wholeText,
  positions: 'index',
  ropeSections: '1d',
  suppressFrom: null,
  patchEmbed: null,
  defaults: {
    slidingWindow: null,
    rmsNormEps: 1e-6,
    ropeTheta: 10000,
    numKeyValueHeads: 'H',
    maxPositions: 2048,
    eosIds: [2],
  },
}

/** Text-only checkpoints of `model_type` mistral: the same model with Mistral's defaults. */
const mistral: Family = { ...text, name: 'mistral', modelTypes: ['mistral'], defaults: mistralDefaults }

/** A checkpoint belongs to the family whose `patchEmbed` it holds; without one, to the text family of its `model_type`. */
export const families = { sail, text, mistral } as const satisfies Record<string, Family>
