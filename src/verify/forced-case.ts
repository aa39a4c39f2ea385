// A whole dump, teacher-forced: what precedes the passes, the passes, the steps.
import type { Prepared } from '../api.ts'
import { findStage } from '../graph/stages-names.ts'
import { stackRows } from '../tensor.ts'
import { type CaseSetup, type PassPlace, VerifiedCase } from './case.ts'
import { countOf, generate, goldenChoice, goldenIds, idsTensor, largest } from './decoding.ts'
import { intLimit, type Runs, type Sides, withRuns } from './definition.ts'
import { exact, freeRunning, yardstick } from './limits.ts'
import type { CaseReport } from './report.ts'
import { goldenSequence } from './sequence.ts'
import { ForcedPass } from './teacher-forced.ts'

export async function verifyForced(setup: CaseSetup): Promise<CaseReport> {
  const of = new VerifiedCase(setup)
  const { subject, question, signal } = setup
  const { prepared, ours } = await goldenSequence({ subject, golden: of.golden, question, forced: true, signal })
  for (const [name, make] of ours) if (of.golden.has(name)) await of.checkExact(name, make())
  await withRuns(setup, prepared, (runs) => passes(of, prepared, runs))
  return of.report(prepared)
}

async function passes(of: VerifiedCase, prepared: Prepared, runs: Runs): Promise<void> {
  const N = countOf(of)
  const before: PassPlace[] = []
  let logits: Sides | undefined
  for (const plan of prepared.passes) {
    before.push(plan)
    const isLast = prepared.passes.length === before.length
    const execute = runs.both((run, request) => run.pass(plan.name, request))
    const pass = new ForcedPass(of, prepared, [...before], execute)
    await pass.check()
    const wantsFeatures = plan.name === 'prefix' && of.golden.has('vision_features')
    const lacksNorm = wantsFeatures && !(await pass.hasFinalNorm())
    const goesOn = !isLast ? someBehind(of, prepared, before.length) : N > 0
    if (!goesOn && !lacksNorm) {
      if (wantsFeatures) await pass.checkFeatures(undefined)
      return
    }
    const outputs = await pass.fill([...(lacksNorm ? ['final_norm'] : []), ...(isLast && N > 0 ? ['next_logits'] : [])])
    if (wantsFeatures) await pass.checkFeatures(outputs.get('final_norm'))
    if (!goesOn) return
    logits = outputs.get('next_logits')
  }
  if (logits !== undefined) await decode(of, prepared, runs, before, logits)
}

/** Whether the dump holds anything of the passes from number `index` on, or of what is generated. */
function someBehind(of: VerifiedCase, prepared: Prepared, index: number): boolean {
  return countOf(of) > 0 || prepared.passes.slice(index).some(({ name }) => of.stagesOf(name).length > 0)
}

async function decode(
  of: VerifiedCase,
  prepared: Prepared,
  runs: Runs,
  before: readonly PassPlace[],
  first: Sides,
): Promise<void> {
  const known = await goldenIds(of)
  const choice = await goldenChoice(of)
  const places = [...before]
  const definedRows = first.defined === undefined ? null : [first.defined.data]
  const step = async (id: number, k: number): Promise<Float32Array> => {
    const { mask } = prepared.passes.at(-1)!
    places.push({ name: `step.${k}`, from: runs.run.length, to: runs.run.length + 1, mask })
    const execute = runs.both((run, request) => run.step(id, request))
    const pass = new ForcedPass(of, prepared, [...places], execute)
    await pass.check()
    const { got, defined } = (await pass.fill(['next_logits'])).get('next_logits')!
    if (defined !== undefined) definedRows?.push(defined.data)
    return got.data
  }
  const fed = known.length > 0 ? known : (choice ?? [])
  const { ids, rows } = await generate({ of, prepared, N: countOf(of), fed, step }, first.got.data)
  await judgeIds(of, ids, definedRows?.map(largest) ?? choice)
  if (!of.golden.has('step_logits')) return
  const { setup } = of
  const { dims } = setup.subject.config
  const fault = of.golden.misfit('step_logits', findStage('step_logits')!, { V: dims.V, N: countOf(of) })
  if (fault !== null) return of.fail('step_logits', fault)
  const dtype = definedRows === null ? of.setup.file.dtype : 'f32'
  const f32 = freeRunning(yardstick('step_logits', dtype, dims.L), dtype, of.factor)
  const limit = setup.definition?.int ? intLimit('step_logits', f32, dims.L, setup.subject.info.weights) : f32
  const sides = { got: stackRows(rows), ...(definedRows && { defined: stackRows(definedRows.slice(0, rows.length)) }) }
  const note = 'its inputs are not in the dump: our own run, fed the ids of the dump'
  await of.check('step_logits', sides, limit, () => ({ inputs: 'own', note }))
}

/**
 * In f32 and f64 the ids must be those that we choose. In bf16 the error of the logits exceeds the margins between them,
 * so a dump's ids are held against its own logits. Where weights are rounded, the ids are held against what the
 * definition chooses; with quantised activations not at all.
 * @param choice of the dump, in bf16, or of the definition
 */
export async function judgeIds(
  of: VerifiedCase,
  ids: readonly number[],
  choice: readonly number[] | null,
): Promise<void> {
  if (!of.golden.has('generated_ids')) return
  const { definition } = of.setup
  if (definition?.int) return of.skip('generated_ids', 'quantised activations: ids may part on a rounding')
  if (definition !== undefined && choice !== null)
    return of.check('generated_ids', { got: idsTensor(ids), defined: idsTensor(choice.slice(0, ids.length)) }, exact)
  if (of.setup.file.dtype !== 'bf16') return of.checkExact('generated_ids', idsTensor(ids))
  if (choice !== null) return of.checkExact('generated_ids', idsTensor(choice))
  of.skip('generated_ids', 'bf16 ids, and no step_logits in the dump that they could be held against')
}
