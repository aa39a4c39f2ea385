// Which keys a query sees, as a rule: masks are never tensors that a kernel reads, they are the bounds of its loops.

/** full: every query sees every key of the pass. causal: keys up to its own index. window: and only the last `window` of these. */
export interface MaskRule {
  readonly kind: 'full' | 'causal'
  readonly window: number | null
}

/** Keys [from, to) that query s of S sees among K keys, the last S of which are the pass's own. The window counts tokens. */
export function visibleKeys(rule: MaskRule, s: number, S: number, K: number): readonly [from: number, to: number] {
  if (rule.kind === 'full') return [0, K]
  const end = K - S + s + 1
  return [rule.window === null ? 0 : Math.max(0, end - rule.window), end]
}
