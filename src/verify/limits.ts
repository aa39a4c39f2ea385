// How far apart is too far. A limit is never widened by hand: each is made from PyTorch's own error.
//   exact           nothing may differ: bytes, ids, positions, masks, and floats that are only copied or added once
//   teacher-forced  rel_l2 <= 1.2e-6 * max(1, sqrt(inner / 4096)) on the reference backend, twice that elsewhere
//   free-running    rel_l2 against an f64 dump <= factor * own error of PyTorch's f32 run (factor 1 on reference, else 2);
//                   against an f32 or bf16 dump, which has that error itself, <= (factor + 1) * own error
// Each row (last axis) may reach five times the limit, so that one wrong element of a large tensor is seen.
// Every test is written as !(error <= limit): NaN fails.
import { SailError } from '../errors.ts'
import type { Comparison } from './compare.ts'
import { ownErrors } from './yardstick.ts'

export type Limit =
  | { readonly kind: 'exact' }
  | { readonly kind: 'close'; readonly by: 'rel_l2'; readonly value: number }
  | { readonly kind: 'close'; readonly by: 'max_abs'; readonly value: number }

/** What a dump's metadata says its floats were computed in. */
export type DumpDtype = 'f32' | 'f64' | 'bf16'

export const exact: Limit = { kind: 'exact' }
/** Rotary tables: cos and sin of an f32 angle, which PyTorch's vectorised functions round to within one unit. */
export const ropeTable: Limit = { kind: 'close', by: 'max_abs', value: 1e-6 }

export const rowAllowance = 5
/** Layers of the models that the yardstick was measured on. */
const yardstickLayers = 3
/** A measured own error beyond this many yardsticks is no rounding: the two dumps are not the same run. */
const believable = 8

/** Reference sums in f64 and is held to PyTorch's own error; f32 backends get twice that. */
export function factorOf(backend: string): number {
  return backend === 'reference' ? 1 : 2
}

/** A stage computed from the dump's own inputs by one op that sums `inner` products (0: none). */
export function teacherForced(inner: number, factor: number): Limit {
  return { kind: 'close', by: 'rel_l2', value: 1.2e-6 * Math.max(1, Math.sqrt(inner / 4096)) * factor }
}

/** A stage at the end of a chain of ops, against a dump with an error of its own. */
export function freeRunning(own: number, dtype: DumpDtype, factor: number): Limit {
  return { kind: 'close', by: 'rel_l2', value: own * (dtype === 'f64' ? factor : factor + 1) }
}

/** Within the bf16 column: one layer, or one op, away from a bf16 dump's own values. */
export function bf16Step(stage: string): Limit {
  return { kind: 'close', by: 'rel_l2', value: own(stage).bf16 }
}

/**
 * PyTorch's own error on a stage from the yardstick, for runs `layers` deep: rounding errors of layers add up like the
 * steps of a random walk, so the error of a deeper model grows with the square root of its depth.
 */
export function yardstick(stage: string, dtype: DumpDtype, layers: number): number {
  const { f32, bf16 } = own(stage)
  return (dtype === 'bf16' ? bf16 : f32) * Math.sqrt(Math.max(1, layers / yardstickLayers))
}

/** PyTorch's own error as measured between a dump and its f64 file; null when the two lie farther apart than rounding. */
export function believed(measured: number, stage: string, dtype: DumpDtype, layers: number): number | null {
  return measured <= believable * yardstick(stage, dtype, layers) ? measured : null
}

function own(stage: string): { f32: number; bf16: number } {
  const found = ownErrors[stage]
  if (found !== undefined) return found
  throw new SailError('E_VERIFY_YARDSTICK', {
    file: 'yardstick',
    place: stage,
    expected: 'a row for every close stage',
  })
}

/** Null when the comparison is within the limit, else why not. */
export function objection(comparison: Comparison, limit: Limit): string | null {
  const { fault, nonFinite, differing, size, maxAbs, relL2, row } = comparison
  if (fault !== null) return fault
  if (nonFinite !== null) return nonFinite
  if (limit.kind === 'exact') return differing === 0 ? null : `${differing} of ${size} differ`
  if (limit.by === 'max_abs')
    return maxAbs <= limit.value ? null : `max abs ${figure(maxAbs)} (limit ${figure(limit.value)})`
  if (!(relL2 <= limit.value)) return `relative L2 ${figure(relL2)} (limit ${figure(limit.value)})`
  const rowLimit = limit.value * rowAllowance
  if (row.relL2 <= rowLimit) return null
  return `row [${row.index.join(', ')}] has relative L2 ${figure(row.relL2)} (limit of a row ${figure(rowLimit)})`
}

/** 3.1e-3: as many digits as an error deserves. */
export function figure(value: number): string {
  return value === 0 ? '0' : value.toExponential(1)
}
