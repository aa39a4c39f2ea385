// Two tensors against each other: how far apart, where most, and whether anything makes the question senseless.
// dtype and shape must agree, nothing may be empty, NaN or infinite. All figures are sums in f64:
//   max_abs = max |a - b|, rel_l2 = ||a - b|| / ||b||, cosine = a . b / (||a|| ||b||), row = the largest rel_l2 of one row
// A row is the last axis: it shows the one wrong element that a large tensor hides. b is the golden side.
import { sizeOf, type Tensor } from '../tensor.ts'

export interface Worst {
  readonly index: readonly number[]
  readonly got: number
  readonly want: number
}

export interface Comparison {
  /** Why the tensors cannot be compared (dtype, shape, empty); all figures are then NaN. */
  readonly fault: string | null
  /** The first NaN or infinity of either side, as text. */
  readonly nonFinite: string | null
  readonly maxAbs: number
  readonly relL2: number
  readonly cosine: number
  /** The largest relative L2 of one row, and which row. */
  readonly row: { readonly relL2: number; readonly index: readonly number[] }
  /** Elements whose values differ; +0 and -0 are different. */
  readonly differing: number
  readonly size: number
  readonly worst: Worst | null
}

/**
 * Compares `got` with the golden `want`. F32 and F64 may meet, as f64 dumps are held against f32 values; everything else
 * about dtype and shape must be equal.
 */
export function compare(got: Tensor, want: Tensor): Comparison {
  const fault = misfit(got, want)
  if (fault !== null) return { ...nothing, fault }
  const a = numbers(got)
  const b = numbers(want)
  const rowSize = want.shape.at(-1) ?? 1
  const all = new Sums()
  let [differing, maxAbs, worstAt, badAt] = [0, 0, 0, -1]
  let row = { relL2: 0, at: 0 }
  for (let start = 0; start < a.length; start += rowSize) {
    const one = new Sums()
    for (let i = start; i < start + rowSize; i++) {
      one.add(a[i], b[i])
      if (badAt < 0 && !(Number.isFinite(a[i]) && Number.isFinite(b[i]))) badAt = i
      if (Object.is(a[i], b[i])) continue
      if (differing++ === 0) worstAt = i
      const distance = Math.abs(a[i] - b[i])
      if (distance > maxAbs) [maxAbs, worstAt] = [distance, i]
    }
    all.join(one)
    const relL2 = one.relL2()
    if (!Number.isNaN(row.relL2) && !(relL2 <= row.relL2)) row = { relL2, at: start }
  }
  if (badAt >= 0) worstAt = badAt
  return {
    fault: null,
    nonFinite: badAt < 0 ? null : describeNonFinite(a[badAt], b[badAt]),
    maxAbs: badAt < 0 ? maxAbs : Number.NaN,
    relL2: all.relL2(),
    cosine: all.cosine(),
    row: { relL2: row.relL2, index: indexOf(row.at, want.shape).slice(0, -1) },
    differing: differing + wideDifferences(got, want, differing),
    size: a.length,
    worst: { index: indexOf(worstAt, want.shape), got: a[worstAt], want: b[worstAt] },
  }
}

const nothing: Comparison = {
  fault: null,
  nonFinite: null,
  maxAbs: Number.NaN,
  relL2: Number.NaN,
  cosine: Number.NaN,
  row: { relL2: Number.NaN, index: [] },
  differing: Number.NaN,
  size: 0,
  worst: null,
}

/** A comparison that could not be made. */
export function incomparable(fault: string): Comparison {
  return { ...nothing, fault }
}

function misfit(got: Tensor, want: Tensor): string | null {
  const floats = got.dtype.startsWith('F') && want.dtype.startsWith('F')
  if (got.dtype !== want.dtype && !floats) return `dtype ${want.dtype} in the dump, ${got.dtype} here`
  const [mine, theirs] = [shapeText(got.shape), shapeText(want.shape)]
  if (mine !== theirs) return `shape ${theirs} in the dump, ${mine} here`
  return sizeOf(want.shape) === 0 ? `no elements, shape ${theirs}` : null
}

/** (4, 14336) */
export function shapeText(shape: readonly (number | string)[]): string {
  return `(${shape.join(', ')})`
}

/** Position of element `at` of a row-major tensor. */
export function indexOf(at: number, shape: readonly number[]): number[] {
  const index: number[] = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(at % shape[axis])
    at = Math.floor(at / shape[axis])
  }
  return index
}

function numbers({ data }: Tensor): ArrayLike<number> {
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : data
}

/** I64 values beyond 2^53 that are the same as numbers and still differ. */
function wideDifferences(got: Tensor, want: Tensor, differing: number): number {
  if (got.dtype !== 'I64' || want.dtype !== 'I64' || differing > 0) return 0
  return got.data.reduce((count, value, i) => count + (value === want.data[i] ? 0 : 1), 0)
}

function describeNonFinite(got: number, want: number): string {
  return Number.isFinite(want) ? `${got} here` : `${want} in the dump`
}

class Sums {
  private dd = 0
  private aa = 0
  private bb = 0
  private ab = 0

  add(a: number, b: number): void {
    const d = a - b
    this.dd += d * d
    this.aa += a * a
    this.bb += b * b
    this.ab += a * b
  }

  join(other: Sums): void {
    this.dd += other.dd
    this.aa += other.aa
    this.bb += other.bb
    this.ab += other.ab
  }

  /** 0 for two zero vectors, infinite when only the golden one is zero. */
  relL2(): number {
    return this.dd === 0 ? 0 : Math.sqrt(this.dd / this.bb)
  }

  cosine(): number {
    const norms = Math.sqrt(this.aa) * Math.sqrt(this.bb)
    return this.dd === 0 && norms === 0 ? 1 : this.ab / norms
  }
}
