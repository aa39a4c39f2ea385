// A sequence to measure with, made without an image or a tokenizer: as many patches as asked for between two brackets, with
// numbers drawn from a seed. What a pass costs depends on its sizes alone.
import type { ModelConfig, Prepared } from '../../node.ts'

/** A checkpoint that reads text only gets as many tokens of text. */
export function randomSequence({ dims, patchSize }: ModelConfig, patches: number): Prepared {
  const T = patches + 2
  const random = generator()
  const image = patchSize !== null
  const inner = 3 * (patchSize ?? 0) ** 2
  const data = Float32Array.from({ length: image ? patches * inner : 0 }, () => random() * 4 - 2)
  const positions = Int32Array.from({ length: 3 * T }, (_, i) => i % T)
  const mask = { kind: image ? 'full' : 'causal', window: null } as const
  return {
    image: null,
    patches: image ? { dtype: 'F32', shape: [patches, inner], data } : null,
    grid: image ? [1, patches] : null,
    ids: Int32Array.from({ length: T }, () => Math.floor(random() * dims.V)),
    patchIndices: Int32Array.from({ length: T }, (_, t) => (image && t > 0 && t <= patches ? t - 1 : -1)),
    positions,
    prefixLength: T,
    nextPosition: T,
    passes: [{ name: image ? 'prefix' : 'text', from: 0, to: T, mask }],
  }
}

/** Numbers in [0, 1). */
function generator(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
