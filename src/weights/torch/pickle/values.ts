// What a pickle of weights can be made of. Nothing here is an object of Python: a global is the name of one, a storage
// and a tensor are descriptions, which layout.ts holds against the zip.
import type { SafetensorsDtype } from '../../safetensors/dtypes.ts'

/** A name that a pickle asks for, already found on the allow-list. */
export interface Global {
  readonly kind: 'global'
  readonly name: string
  /** The dtype of a storage class. */
  readonly dtype?: SafetensorsDtype
}

export interface Tuple {
  readonly kind: 'tuple'
  readonly items: readonly Value[]
  readonly depth: number
}

export interface Dict {
  readonly kind: 'dict'
  /** collections.OrderedDict, which alone may have attributes. */
  readonly ordered: boolean
  readonly items: Map<string, Value>
  /** Levels of containers in it, itself included. */
  depth: number
}

export interface Storage {
  readonly kind: 'storage'
  readonly dtype: SafetensorsDtype
  /** Names the zip entry: data/<key>. */
  readonly key: string
  readonly location: string
  /** Elements of `dtype`. */
  readonly count: number
}

export interface TensorView {
  readonly kind: 'tensor'
  readonly storage: Storage
  /** In elements, as the strides are. */
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}

export type Value = null | boolean | number | string | Global | Tuple | Dict | Storage | TensorView

export function describe(value: Value): string {
  if (value === null) return 'None'
  if (typeof value !== 'object') return `a ${typeof value}`
  return value.kind === 'global' ? value.name : `a ${value.kind}`
}

/** Levels of containers of a value. */
export function depthOf(value: Value): number {
  if (value === null || typeof value !== 'object') return 0
  return value.kind === 'tuple' || value.kind === 'dict' ? value.depth : 0
}
