// What torch's pickles call, done by description instead of by running it:
//   OrderedDict()                                                           an empty dict
//   ('storage', torch.FloatStorage, '0', 'cpu', 786432), a persistent id    the zip entry data/0 as 786,432 numbers
//   _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks) a view of it; hooks is an empty OrderedDict
//   _rebuild_parameter(tensor, requires_grad, hooks)                        the tensor
// Source: torch/_utils.py; torch/serialization.py, `persistent_id`.
import { quote } from '../../../config/quote.ts'
import type { Refuse } from '../zip/entry.ts'
import { orderedDict, rebuildParameter, rebuildTensor } from './globals.ts'
import { describe, type Storage, type TensorView, type Tuple, type Value } from './values.ts'

const maxRank = 8

/** The result of a call. @throws SailError E_TORCH_CALL, E_TORCH_RANK */
export function call(refuse: Refuse, place: string, target: Value, args: Value): Value {
  const name = isKind(target, 'global') ? target.name : ''
  const items = isKind(args, 'tuple') ? args.items : null
  if (items !== null && name === orderedDict && items.length === 0) {
    return { kind: 'dict', ordered: true, items: new Map(), depth: 1 }
  }
  if (items !== null && name === rebuildTensor) {
    const tensor = tensorOf(items)
    if (tensor === null) throw wrongArguments(refuse, place, name, items)
    if (tensor.shape.length > maxRank) throw refuse('RANK', place, `at most ${maxRank} axes`, `${tensor.shape.length}`)
    return tensor
  }
  if (items !== null && name === rebuildParameter) {
    const [tensor, grad, hooks] = items
    if (items.length === 3 && isKind(tensor, 'tensor') && typeof grad === 'boolean' && isEmptyOrdered(hooks))
      return tensor
    throw wrongArguments(refuse, place, name, items)
  }
  const expected = `a call of ${orderedDict}, ${rebuildTensor} or ${rebuildParameter}`
  throw refuse('CALL', place, expected, `a call of ${describe(target)}${items === null ? ' without arguments' : ''}`)
}

/** (storage, offset, size, stride, requires_grad, hooks) and, where torch adds them, metadata: conj and neg bits change values. */
function tensorOf(items: readonly Value[]): TensorView | null {
  const [storage, offset, shape, strides, grad, hooks, metadata] = items
  if (items.length < 6 || items.length > 7 || !isKind(storage, 'storage') || !isCount(offset)) return null
  if (!isCounts(shape) || !isCounts(strides) || shape.items.length !== strides.items.length) return null
  if (typeof grad !== 'boolean' || !isEmptyOrdered(hooks)) return null
  if (items.length === 7 && metadata !== null && !(isKind(metadata, 'dict') && metadata.items.size === 0)) return null
  return { kind: 'tensor', storage, offset, shape: shape.items, strides: strides.items }
}

/** A storage by its persistent id. @throws SailError E_TORCH_STORAGE */
export function storageOf(refuse: Refuse, place: string, id: Value): Storage {
  const [tag, type, key, location, count] = isKind(id, 'tuple') && id.items.length === 5 ? id.items : []
  const dtype = isKind(type, 'global') ? type.dtype : undefined
  if (
    tag === 'storage' &&
    dtype !== undefined &&
    typeof key === 'string' &&
    typeof location === 'string' &&
    isCount(count)
  ) {
    if (!/^\d{1,9}$/.test(key)) throw refuse('STORAGE', place, 'a storage whose key is a number', quote(key))
    return { kind: 'storage', dtype, key, location, count }
  }
  const found = isKind(id, 'tuple') ? `(${id.items.slice(0, 6).map(describe).join(', ')})` : describe(id)
  throw refuse('STORAGE', place, "a storage: ('storage', type, key, location, number of elements)", found)
}

function wrongArguments(refuse: Refuse, place: string, name: string, items: readonly Value[]): Error {
  const found = `(${items.slice(0, 8).map(describe).join(', ')})`
  return refuse('CALL', place, `${name} with the arguments that torch gives a plain tensor`, found)
}

type Kinds = Extract<Value, { kind: string }>

function isKind<K extends Kinds['kind']>(value: Value | undefined, kind: K): value is Extract<Kinds, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind
}

function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && value >= 0
}

function isCounts(value: Value | undefined): value is Tuple & { readonly items: readonly number[] } {
  return isKind(value, 'tuple') && value.items.every(isCount)
}

function isEmptyOrdered(value: Value | undefined): boolean {
  return isKind(value, 'dict') && value.ordered && value.items.size === 0
}
