// Two dumps against each other, no model: for people who check their own port with their own runs. Both ran on their own,
// so close stages get the limits of free-running code that is not the reference backend: twice PyTorch's own error against
// an f64 dump, three times against an f32 dump. That error is measured where the f64 file lies beside the golden one.
// Exact stages must be equal; ids of bf16 runs may part on a rounding and are then not judged.
import { SailError } from '../errors.ts'
import { findStage, inDataOrder } from '../graph/stages-names.ts'
import { compare, incomparable } from './compare.ts'
import type { GoldenFile } from './golden-file.ts'
import { GoldenTensors } from './golden-tensors.ts'
import { type DumpDtype, exact, freeRunning, type Limit, ropeTable } from './limits.ts'
import { ownError } from './own-error.ts'
import { type CaseReport, judge, type StageReport } from './report.ts'
import { stageOf } from './teacher-forced.ts'

export interface DiffOptions {
  /** The golden run in the other precision, when it is there. */
  readonly sibling: GoldenFile | null
  readonly signal?: AbortSignal
}

const factor = 2

/** @throws SailError E_GOLDEN_NOTHING when the two have no stage in common; signal.reason */
export async function diffDumps(golden: GoldenFile, file: GoldenFile, options: DiffOptions): Promise<CaseReport> {
  const shared = commonStages(golden, file)
  if (shared.length === 0) throw nothing(golden, file)
  const stages: StageReport[] = []
  const notCompared: { name: string; why: string }[] = []
  const dtype: DumpDtype = golden.dtype === 'bf16' || file.dtype === 'bf16' ? 'bf16' : golden.dtype
  let parted = false
  for (const name of shared) {
    options.signal?.throwIfAborted()
    const report = await diffStage(name, golden, file, { ...options, dtype })
    const isWords = name === 'generated_ids' || name === 'step_logits'
    if (dtype === 'bf16' && isWords && (parted || (name === 'generated_ids' && report.objection !== null))) {
      parted = true
      notCompared.push({ name, why: 'bf16 runs may choose other words on a rounding, and these two did' })
    } else stages.push(report)
  }
  for (const [of, other, why] of [
    [golden, file, 'only in the golden dump'],
    [file, golden, 'only in the other dump'],
  ] as const)
    for (const name of of.tensors.keys()) if (!other.tensors.has(name)) notCompared.push({ name, why })
  for (const name of golden.tensors.keys())
    if (file.tensors.has(name) && findStage(name) === null) notCompared.push({ name, why: 'no stage of this name' })
  return { golden: golden.name, mode: 'diff', stages, notCompared, notes: [] }
}

async function diffStage(
  name: string,
  golden: GoldenFile,
  file: GoldenFile,
  { sibling, signal, dtype }: DiffOptions & { readonly dtype: DumpDtype },
): Promise<StageReport> {
  const place = findStage(name)!
  const fault = new GoldenTensors(golden).misfit(name, place, {})
  const otherFault = new GoldenTensors(file).misfit(name, place, {})
  if (fault !== null || otherFault !== null)
    return judge(name, incomparable(fault ?? otherFault!.replace('in the dump', 'in the other dump')), exact)
  const [want, got] = [await golden.read(name, signal), await file.read(name, signal)]
  const comparison = compare(got, want)
  const stage = stageOf(place)
  let limit: Limit = exact
  let also: string | null = null
  if (stage === 'rope.cos' || stage === 'rope.sin') limit = ropeTable
  else if (place.row.kind === 'close') {
    const own = await ownError(name, stage, want, { L: depth(golden), dtype }, sibling)
    limit = freeRunning(own.value, dtype, factor)
    also = own.problem
  }
  return judge(name, comparison, limit, { inputs: 'own', also })
}

/** Stages that both have, in the order of the data. */
function commonStages(golden: GoldenFile, file: GoldenFile): string[] {
  return inDataOrder([...golden.tensors.keys()].filter((name) => file.tensors.has(name)))
}

function depth(golden: GoldenFile): number {
  return [...golden.tensors.keys()].reduce((most, name) => Math.max(most, (findStage(name)?.layer ?? -1) + 1), 0)
}

function nothing(golden: GoldenFile, file: GoldenFile): SailError {
  return new SailError('E_GOLDEN_NOTHING', {
    file: file.name,
    expected: `at least one stage that ${golden.name} has too`,
    found: `${file.tensors.size} tensors, none of them`,
  })
}
