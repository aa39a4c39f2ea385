// What precedes the first pass, by its golden name and in the order of the data. Each is made when it is asked for, as
// the mask alone has T * T entries.
import type { Prepared } from '../api.ts'
import { sequenceMask } from '../sequence/mask.ts'
import { i64, type Tensor } from '../tensor.ts'

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
