// The mask of a pass as a tensor, under its golden name `<pass>.mask`: (S, K), rows queries, columns keys, 1 = visible.
import type { PassPlan } from '../api.ts'
import { maskTensor } from '../sequence/mask.ts'
import type { U8Tensor } from '../tensor.ts'

export function passMask({ mask, from, to }: Omit<PassPlan, 'name'>): U8Tensor {
  return maskTensor(mask, to - from, to)
}
