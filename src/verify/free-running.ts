// From the image to the words, as a user runs it: nothing of the dump is put in, errors travel on. A stage is held to
// PyTorch's own error, measured between the dump and its file in the other precision where that stands beside it
// (X.f32.safetensors and X.f64.safetensors), else taken from the yardstick.
import type { Prepared, Run } from '../api.ts'
import { featureMap } from '../facade/features.ts'
import { passMask } from '../facade/pass-mask.ts'
import { findStage } from '../graph/stages-names.ts'
import type { F32Tensor, Tensor } from '../tensor.ts'
import { type CaseSetup, VerifiedCase } from './case.ts'
import { compare } from './compare.ts'
import { closing, countOf, generate, goldenChoice, goldenIds, stacked } from './decoding.ts'
import { judgeIds } from './forced-case.ts'
import type { GoldenFile } from './golden-file.ts'
import { figure, freeRunning, ropeTable } from './limits.ts'
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
  await closing(subject.open(prepared), (run) => new FreeRun(of, prepared, run, sibling).passes())
  return of.report(prepared)
}

class FreeRun {
  readonly #case: VerifiedCase
  readonly #prepared: Prepared
  readonly #run: Run
  readonly #sibling: GoldenFile | null

  constructor(of: VerifiedCase, prepared: Prepared, run: Run, sibling: GoldenFile | null) {
    this.#case = of
    this.#prepared = prepared
    this.#run = run
    this.#sibling = sibling
  }

  async passes(): Promise<void> {
    const { golden } = this.#case
    const N = countOf(this.#case)
    let logits: Float32Array | undefined
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
      const outputs = await this.#run.pass(plan.name, { stages: [...new Set([...wanted, ...also])], ...this.#signal() })
      for (const stage of wanted) await this.#check(`${plan.name}.${stage}`, outputs.get(stage)!)
      if (features) await this.#check('vision_features', featureMap(this.#prepared, outputs.get('final_norm')!))
      logits = outputs.get('next_logits')?.data
    }
    if (logits !== undefined) await this.#decode(logits, N)
  }

  async #decode(first: Float32Array, N: number): Promise<void> {
    const of = this.#case
    const isBf16 = of.setup.file.dtype === 'bf16'
    // bf16 ids may part from ours on a rounding; the dump's are then fed, so that the rows stay comparable.
    const fed = isBf16 ? await goldenIds(of) : []
    const step = async (id: number, k: number): Promise<Float32Array> => {
      const stages = of.stagesOf(`step.${k}`).map(({ fullName }) => fullName.slice(`step.${k}.`.length))
      const floats = stages.filter((stage) => stage !== 'mask')
      const plan = { ...this.#prepared.passes.at(-1)!, from: this.#run.length, to: this.#run.length + 1 }
      const outputs = await this.#run.step(id, { stages: [...floats, 'next_logits'], ...this.#signal() })
      for (const stage of floats) await this.#check(`step.${k}.${stage}`, outputs.get(stage)!)
      if (stages.includes('mask')) await of.checkExact(`step.${k}.mask`, passMask(plan))
      return outputs.get('next_logits')!.data
    }
    const { ids, rows } = await generate({ of, prepared: this.#prepared, N, fed, step }, first)
    await judgeIds(of, ids, isBf16 ? await goldenChoice(of) : null)
    if (of.golden.has('step_logits')) await this.#check('step_logits', stacked(rows))
  }

  async #check(name: string, got: F32Tensor): Promise<void> {
    const place = findStage(name)!
    const stage = stageOf(place)
    const of = this.#case
    const fault = of.golden.misfit(name, place, {})
    if (fault !== null) return of.fail(name, fault)
    if (stage === 'rope.cos' || stage === 'rope.sin') return of.check(name, got, ropeTable)
    const { dtype } = of.setup.file
    const own = await ownError(
      name,
      stage,
      await of.golden.read(name),
      { L: of.setup.subject.config.dims.L, dtype },
      this.#sibling,
    )
    const limit = freeRunning(own.value, dtype, of.factor)
    await of.check(name, got, limit, () => this.#againstF64(got, own))
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
