// From the image to the words, as a user runs it: nothing of the dump is put in, errors travel on. A stage is held to
// PyTorch's own error, measured between the dump and its file in the other precision where that stands beside it
// (X.f32.safetensors and X.f64.safetensors), else taken from the yardstick.
import type { Prepared } from '../api.ts'
import { passMask } from '../facade/case-tensors.ts'
import { featureMap } from '../facade/features.ts'
import { findStage } from '../graph/stages-names.ts'
import { type F32Tensor, stackRows, type Tensor } from '../tensor.ts'
import { type CaseSetup, VerifiedCase } from './case.ts'
import { compare } from './compare.ts'
import { countOf, generate, goldenChoice, goldenIds, largest } from './decoding.ts'
import { intLimit, type Runs, type Sides, withRuns } from './definition.ts'
import { judgeIds } from './forced-case.ts'
import type { GoldenFile } from './golden-file.ts'
import { figure, freeRunning, type Limit, ropeTable, yardstick } from './limits.ts'
import { ownError } from './own-error.ts'
import type { CaseReport, Judged } from './report.ts'
import { goldenSequence } from './sequence.ts'
import { stageOf } from './teacher-forced.ts'

/** @param sibling the same run in the other precision, when there is one */
export async function verifyFree(setup: CaseSetup, sibling: GoldenFile | null): Promise<CaseReport> {
  const of = new VerifiedCase(setup)
  const { subject, question, signal } = setup
  const { prepared, ours } = await goldenSequence({ subject, golden: of.golden, question, forced: false, signal })
  for (const [name, make] of ours) if (of.golden.has(name)) await of.checkExact(name, make())
  await withRuns(setup, prepared, (runs) => new FreeRun(of, prepared, runs, sibling).passes())
  return of.report(prepared)
}

class FreeRun {
  readonly #case: VerifiedCase
  readonly #prepared: Prepared
  readonly #runs: Runs
  readonly #sibling: GoldenFile | null

  constructor(of: VerifiedCase, prepared: Prepared, runs: Runs, sibling: GoldenFile | null) {
    this.#case = of
    this.#prepared = prepared
    this.#runs = runs
    this.#sibling = sibling
  }

  async passes(): Promise<void> {
    const { golden } = this.#case
    const N = countOf(this.#case)
    let logits: Sides | undefined
    for (const plan of this.#prepared.passes) {
      const isLast = plan === this.#prepared.passes.at(-1)
      const sizes = this.#case.sizes(this.#prepared, plan)
      const wanted: string[] = []
      for (const { fullName, ...place } of this.#case.stagesOf(plan.name)) {
        const fault = golden.misfit(fullName, place, sizes)
        if (fault !== null) this.#case.fail(fullName, fault)
        else if (place.row.name === 'mask') await this.#case.checkExact(fullName, passMask(plan))
        else wanted.push(fullName.slice(plan.name.length + 1))
      }
      const features = plan.name === 'prefix' && golden.has('vision_features')
      const also = [...(features ? ['final_norm'] : []), ...(isLast && N > 0 ? ['next_logits'] : [])]
      const execute = this.#runs.both((run, request) => run.pass(plan.name, request))
      const outputs = await execute({ stages: [...new Set([...wanted, ...also])], ...this.#signal() })
      for (const stage of wanted) await this.#check(`${plan.name}.${stage}`, outputs.get(stage)!)
      if (features) await this.#checkFeatures(outputs.get('final_norm')!)
      logits = outputs.get('next_logits')
    }
    if (logits !== undefined) await this.#decode(logits, N)
  }

  async #decode(first: Sides, N: number): Promise<void> {
    const of = this.#case
    const isBf16 = of.setup.file.dtype === 'bf16'
    // bf16 ids may part from ours on a rounding; the dump's are then fed, so that the rows stay comparable.
    const fed = isBf16 ? await goldenIds(of) : []
    const definedRows = first.defined === undefined ? null : [first.defined.data]
    const step = async (id: number, k: number): Promise<Float32Array> => {
      const stages = of.stagesOf(`step.${k}`).map(({ fullName }) => fullName.slice(`step.${k}.`.length))
      const floats = stages.filter((stage) => stage !== 'mask')
      const plan = { ...this.#prepared.passes.at(-1)!, from: this.#runs.run.length, to: this.#runs.run.length + 1 }
      const execute = this.#runs.both((run, request) => run.step(id, request))
      const outputs = await execute({ stages: [...floats, 'next_logits'], ...this.#signal() })
      for (const stage of floats) await this.#check(`step.${k}.${stage}`, outputs.get(stage)!)
      if (stages.includes('mask')) await of.checkExact(`step.${k}.mask`, passMask(plan))
      const { got, defined } = outputs.get('next_logits')!
      if (defined !== undefined) definedRows?.push(defined.data)
      return got.data
    }
    const { ids, rows } = await generate({ of, prepared: this.#prepared, N, fed, step }, first.got.data)
    await judgeIds(of, ids, definedRows?.map(largest) ?? (isBf16 ? await goldenChoice(of) : null))
    const defined = definedRows && { defined: stackRows(definedRows.slice(0, rows.length)) }
    if (of.golden.has('step_logits')) await this.#check('step_logits', { got: stackRows(rows), ...defined })
  }

  async #checkFeatures({ got, defined }: Sides): Promise<void> {
    const map = (rows: F32Tensor): F32Tensor => featureMap(this.#prepared, rows)
    await this.#check('vision_features', { got: map(got), ...(defined !== undefined && { defined: map(defined) }) })
  }

  async #check(name: string, sides: Sides): Promise<void> {
    const place = findStage(name)!
    const stage = stageOf(place)
    const of = this.#case
    const fault = of.golden.misfit(name, place, {})
    if (fault !== null) return of.fail(name, fault)
    if (stage === 'rope.cos' || stage === 'rope.sin') return of.check(name, sides, ropeTable)
    if (sides.defined !== undefined) return of.check(name, sides, this.#definedLimit(stage), () => ({ inputs: 'own' }))
    const { dtype } = of.setup.file
    const own = await ownError(
      name,
      stage,
      await of.golden.read(name),
      { L: of.setup.subject.config.dims.L, dtype },
      this.#sibling,
    )
    const limit = freeRunning(own.value, dtype, of.factor)
    await of.check(name, sides, limit, () => this.#againstF64(sides.got, own))
  }

  /** Two runs in f32 on the same weights, or one of them with quantised activations. */
  #definedLimit(stage: string): Limit {
    const { subject, definition } = this.#case.setup
    const limit = freeRunning(yardstick(stage, 'f32', subject.config.dims.L), 'f32', this.#case.factor)
    return definition?.int ? intLimit(stage, limit, subject.config.dims.L, subject.info.weights) : limit
  }

  /** An f32 dump has an error of its own; where its f64 file is there, we are held against that too. */
  #againstF64(got: F32Tensor, own: { value: number; problem: string | null; f64: Tensor | null }): Judged {
    if (own.problem !== null) return { inputs: 'own', also: own.problem }
    if (own.f64 === null || this.#case.setup.file.dtype !== 'f32') return { inputs: 'own' }
    const { relL2 } = compare(got, own.f64)
    const limit = own.value * this.#case.factor
    const text = `against the f64 dump ${figure(relL2)} (limit ${figure(limit)})`
    return relL2 <= limit ? { inputs: 'own', note: text } : { inputs: 'own', also: text }
  }

  #signal(): { signal?: AbortSignal } {
    const { signal } = this.#case.setup
    return signal === undefined ? {} : { signal }
  }
}
