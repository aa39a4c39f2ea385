// Masks as tensors, for dumps and comparisons only: U8, rows queries, columns keys, 1 = visible. The model itself works
// from the rules.
import { type MaskRule, visibleKeys } from '../config/mask-rule.ts'
import { type U8Tensor, u8 } from '../tensor.ts'

/** (S, K): what S queries see of K keys, the last S of which are their own. */
export function maskTensor(rule: MaskRule, S: number, K: number): U8Tensor {
  const data = new Uint8Array(S * K)
  for (let s = 0; s < S; s++) {
    const [from, to] = visibleKeys(rule, s, S, K)
    data.fill(1, s * K + from, s * K + to)
  }
  return u8([S, K], data)
}

/** (T, T), upstream's create_single_prefix_mask: causal, or both in the prefix. No window. */
export function sequenceMask(T: number, prefixLength: number): U8Tensor {
  const data = new Uint8Array(T * T)
  for (let query = 0; query < T; query++)
    data.fill(1, query * T, query * T + (query < prefixLength ? prefixLength : query + 1))
  return u8([T, T], data)
}
