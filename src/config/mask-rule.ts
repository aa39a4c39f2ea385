// Which keys a query sees, as a rule: masks are never tensors that a kernel reads.

/** full: every query sees every key of the pass. causal: keys up to its own index. window: and only the last `window` of these. */
export interface MaskRule {
  readonly kind: 'full' | 'causal'
  readonly window: number | null
}
