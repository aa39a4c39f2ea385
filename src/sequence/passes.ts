// The passes that a sequence takes through the model: with an image first the prefix, whose tokens all see each other,
// then the text on top of its cache. A sliding window holds in the passes whose rule says so: upstream's 4-D prefix
// mask ignores it.
// Source: upstream example.py (cached_inputs, then generate), modeling_sail.py.
import type { Family } from '../config/family.ts'
import type { MaskRule } from '../config/mask-rule.ts'

export interface PlannedPass {
  /** Name of the pass in stage names: prefix, text. */
  readonly name: string
  /** Tokens [from, to). */
  readonly from: number
  readonly to: number
  readonly mask: MaskRule
}

export function planPasses(
  family: Pick<Family, 'imagePasses' | 'textPasses'>,
  { ids, prefixLength }: { readonly ids: Int32Array; readonly prefixLength: number },
  slidingWindow: number | null,
): PlannedPass[] {
  const rules = prefixLength > 0 ? family.imagePasses : family.textPasses
  return rules.map(({ name, from, to, mask, window }) => ({
    name,
    from: from === 'prefix' ? prefixLength : from,
    to: to === 'prefix' ? prefixLength : ids.length,
    mask: { kind: mask, window: window ? slidingWindow : null },
  }))
}
