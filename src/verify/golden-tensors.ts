// The tensors of a dump as a verification uses them: whether a header entry fits the stage it names, and whether the
// values can stand in for ours as inputs of other stages. A tensor that does not fit fails its own stage only: the
// stages behind it then take their inputs from further ahead.
import { dimension, type StagePlace } from '../graph/stages-names.ts'
import { type F32Tensor, f32, sizeOf, type Tensor } from '../tensor.ts'
import { shapeText } from './compare.ts'
import type { GoldenFile } from './golden-file.ts'
import type { DumpDtype } from './limits.ts'

/** Sizes by the letters of the stage table; a letter that is missing may be any size from 1. */
export type Sizes = Readonly<Record<string, number>>

/** Tensors kept for the stages that follow, in bytes. */
const keptBytes = 1 << 28

export class GoldenTensors {
  readonly file: GoldenFile
  readonly #signal: AbortSignal | undefined
  readonly #kept = new Map<string, Tensor>()

  constructor(file: GoldenFile, signal?: AbortSignal) {
    this.file = file
    this.#signal = signal
  }

  has(name: string): boolean {
    return this.file.tensors.has(name)
  }

  /** Why the entry of `name` cannot be the stage: dtype or shape. Null when it can. */
  misfit(name: string, place: StagePlace, sizes: Sizes): string | null {
    const entry = this.file.tensors.get(name)
    if (entry === undefined) return 'not in the dump'
    const dtypes = allowedDtypes(place, this.file.dtype)
    if (!dtypes.includes(entry.dtype)) return `dtype ${entry.dtype} in the dump, ${dtypes.join(' or ')} expected`
    const expected = place.row.shape.split(' ').map((letters) => dimension(letters, sizes))
    const same =
      entry.shape.length === expected.length &&
      entry.shape.every((size, axis) => (Number.isNaN(expected[axis]) ? size > 0 : size === expected[axis]))
    if (!same) {
      const wanted = shapeText(
        expected.map((size, axis) => (Number.isNaN(size) ? place.row.shape.split(' ')[axis] : size)),
      )
      return `shape ${shapeText(entry.shape)} in the dump, ${wanted} expected`
    }
    return sizeOf(entry.shape) === 0 ? `no elements, shape ${shapeText(entry.shape)}` : null
  }

  async read(name: string): Promise<Tensor> {
    const known = this.#kept.get(name)
    if (known !== undefined) return known
    const tensor = await this.file.read(name, this.#signal)
    this.#kept.set(name, tensor)
    let bytes = 0
    for (const { data } of this.#kept.values()) bytes += data.byteLength
    for (const [oldest, { data }] of this.#kept) {
      if (bytes <= keptBytes) break
      this.#kept.delete(oldest)
      bytes -= data.byteLength
    }
    return tensor
  }

  /** The values of a float stage as an input: null unless they fit and all are finite numbers in f32. */
  async asInput(name: string, place: StagePlace, sizes: Sizes): Promise<F32Tensor | null> {
    if (this.misfit(name, place, sizes) !== null) return null
    const { dtype, shape, data } = await this.read(name)
    if (dtype !== 'F32' && dtype !== 'F64') return null
    const values = dtype === 'F32' ? data : Float32Array.from(data)
    return values.every(Number.isFinite) ? f32(shape, values) : null
  }

  /** The values of an integer stage, when they fit and all lie in [least, most]. */
  async asIntegers(
    name: string,
    place: StagePlace,
    sizes: Sizes,
    least: number,
    most: number,
  ): Promise<Int32Array | null> {
    if (this.misfit(name, place, sizes) !== null) return null
    const { dtype, data } = await this.read(name)
    if (dtype !== 'I64') return null
    return data.every((value) => value >= least && value <= most) ? Int32Array.from(data, Number) : null
  }
}

function allowedDtypes({ row }: StagePlace, dump: DumpDtype): string[] {
  return row.dtype === 'F32' && dump === 'f64' ? ['F64', 'F32'] : [row.dtype]
}
