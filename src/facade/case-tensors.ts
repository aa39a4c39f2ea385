// The named tensors of a run that no op computes: what precedes the first pass, and the mask of each pass. They are made
// when they are asked for, as a mask of the case has T * T entries.
import type { PassPlan, Prepared } from '../api.ts'
import { maskTensor, sequenceMask } from '../sequence/mask.ts'
import { i64, type Tensor, type U8Tensor } from '../tensor.ts'

/** What precedes the first pass, by its golden name and in the order of the data. */
export function caseTensors(prepared: Prepared): [name: string, make: () => Tensor][] {
  const { image, patches, grid, ids, patchIndices, positions, prefixLength } = prepared
  const T = ids.length
  const ofImage: [string, () => Tensor][] =
    image === null || patches === null || grid === null
      ? []
      : [
          ['image.rgb', () => image.rgb],
          ['image.resized', () => image.resized],
          ['patches', () => patches],
          ['grid', () => i64([2], grid)],
        ]
  return [
    ...ofImage,
    ['input_ids', () => i64([T], ids)],
    ['vision_patch_indices', () => i64([T], patchIndices)],
    ['position_ids', () => i64([3, T], positions)],
    ['mask', () => sequenceMask(T, prefixLength)],
    ['prefix_len', () => i64([1], [prefixLength])],
  ]
}

/** `<pass>.mask`, (S, K): rows queries, columns keys, 1 = visible. */
export function passMask({ mask, from, to }: Omit<PassPlan, 'name'>): U8Tensor {
  return maskTensor(mask, to - from, to)
}
