// One record a model family: all that differs between SAIL and its siblings. Nothing else branches on the model.
// (records are added below the types)

export interface PassRule {
  /** Name of the pass in stage names: prefix, text. */
  readonly name: string
  /** First token and end of the pass; 'prefix' is the length of the image prefix, 'end' that of the sequence. */
  readonly from: 0 | 'prefix'
  readonly to: 'prefix' | 'end'
  readonly mask: 'full' | 'causal'
  /** Whether config.slidingWindow applies (upstream ignores it in the prefix pass). */
  readonly window: boolean
}

export interface Family {
  readonly name: string
  /** Rule of the target size: patches at most (SAIL: area capped at 4096). Source: example.py get_resize_output_image_size. */
  readonly size: { readonly maxPatches: number }
  /** Tokens around the patches, and the prompt template. Source: example.py. */
  readonly layout: {
    readonly begin: string
    readonly patch: string
    readonly end: string
    /** Template of a prompt; {bos} and {prompt} are filled in. */
    readonly template: string
  }
  /** Passes of a sequence with an image, and of one without. */
  readonly imagePasses: readonly PassRule[]
  readonly textPasses: readonly PassRule[]
  readonly positions: 'mrope' | 'index'
}
