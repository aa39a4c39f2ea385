// What is looked at before a backend trusts a weight: that the tensor is there in the right shape, and that every value
// is a number. A NaN or Infinity is reported by name and place, before it is everywhere.
import { SailError } from '../errors.ts'
import type { WeightDtype, WeightSource } from './backend.ts'

/** The dtype of a tensor that is there in the right shape. @throws SailError E_BACKEND_WEIGHT */
export function dtypeOf({ tensors }: WeightSource, name: string, shape: readonly number[]): WeightDtype {
  const tensor = tensors.get(name)
  if (tensor !== undefined && tensor.shape.join() === shape.join()) return tensor.dtype
  throw new SailError('E_BACKEND_WEIGHT', {
    file: tensor?.path ?? 'checkpoint',
    place: name,
    expected: `a tensor of shape (${shape.join(', ')})`,
    found: tensor === undefined ? 'none of this name' : `shape (${tensor.shape.join(', ')})`,
  })
}

/** @param offset elements of the tensor before these values   @throws SailError E_WEIGHTS_NOT_FINITE */
export function checkFinite(values: Float32Array, { tensors }: WeightSource, name: string, offset: number): void {
  let bad = 0
  while (bad < values.length && Number.isFinite(values[bad])) bad++
  if (bad === values.length) return
  throw new SailError('E_WEIGHTS_NOT_FINITE', {
    file: tensors.get(name)?.path ?? 'checkpoint',
    place: `${name}, element ${offset + bad}`,
    expected: 'finite numbers that fit f32',
    found: `${values[bad]}`,
    hint: 'fetch or convert the checkpoint again',
  })
}
