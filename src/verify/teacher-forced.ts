// Each stage from the dump's own inputs, so that the first wrong stage is the guilty one. Per stage one run of a graph
// cut at the nearest stages that the dump has. Between passes the cache is filled with the dump's keys and values, so
// that an error of one pass does not reach the next.
import type { Prepared } from '../api.ts'
import { passMask } from '../facade/case-tensors.ts'
import { featureMap } from '../facade/features.ts'
import { dimension, findStage, type StagePlace, stageInputs } from '../graph/stages-names.ts'
import type { F32Tensor } from '../tensor.ts'
import type { PassPlace, VerifiedCase } from './case.ts'
import { type ExecuteBoth, intLimit, type Sides } from './definition.ts'
import { bf16Step, exact, freeRunning, type Limit, ropeTable, teacherForced, yardstick } from './limits.ts'
import { type NearestInputs, nearestInputs } from './nearest-inputs.ts'

export class ForcedPass {
  readonly #case: VerifiedCase
  readonly #prepared: Prepared
  readonly #pass: PassPlace
  readonly #execute: ExecuteBoth
  /** This pass and those before it, by name. */
  readonly #passes: readonly string[]
  /** Sizes by letter of every pass so far. */
  readonly #sizes: ReadonlyMap<string, Readonly<Record<string, number>>>
  readonly #usable = new Map<string, boolean>()

  constructor(of: VerifiedCase, prepared: Prepared, passes: readonly PassPlace[], execute: ExecuteBoth) {
    this.#case = of
    this.#prepared = prepared
    this.#pass = passes.at(-1)!
    this.#execute = execute
    this.#passes = passes.map(({ name }) => name)
    this.#sizes = new Map(passes.map((pass) => [pass.name, of.sizes(prepared, pass)]))
  }

  /** Compares every stage of this pass that the dump holds. The cache stays as it is. */
  async check(): Promise<void> {
    for (const { fullName, ...place } of this.#case.stagesOf(this.#pass.name)) {
      this.#case.setup.signal?.throwIfAborted()
      const fault = this.#case.golden.misfit(fullName, place, this.#sizes.get(this.#pass.name)!)
      if (fault !== null) this.#case.fail(fullName, fault)
      else if (place.row.name === 'mask') await this.#case.checkExact(fullName, passMask(this.#pass))
      else await this.#checkStage(fullName, place)
    }
  }

  /**
   * Runs the pass for good: its keys and values, the dump's where it has them, stay in the cache.
   * @param stages to hand back, by name within the pass; 'next_logits' too
   */
  async fill(stages: readonly string[]): Promise<Map<string, Sides>> {
    const { L } = this.#case.list([])
    const { name } = this.#pass
    const cached = Array.from({ length: L }, (_, i) => [`${name}.layers.${i}.k_rope`, `${name}.layers.${i}.v`]).flat()
    const given = new Set<string>()
    for (const wanted of cached) {
      if (await this.#isUsable(wanted)) given.add(wanted)
      else for (const input of (await this.#nearest(wanted)).given) given.add(input)
    }
    for (const stage of stages) {
      const wanted = `${name}.${stage === 'next_logits' ? 'logits' : stage}`
      for (const input of (await this.#nearest(wanted)).given) given.add(input)
    }
    return this.#execute({ stages, given: await this.#tensors(given), keep: true, ...this.#signal() })
  }

  /** Whether the dump gives final_norm; if not, `checkFeatures` wants it from `fill`. */
  hasFinalNorm(): Promise<boolean> {
    return this.#isUsable(`${this.#pass.name}.final_norm`)
  }

  /** vision_features: rows of final_norm, the dump's where it has it, else `ours`. */
  async checkFeatures(ours: Sides | undefined): Promise<void> {
    const [name, source] = ['vision_features', `${this.#pass.name}.final_norm`]
    const fault = this.#case.golden.misfit(name, findStage(name)!, this.#sizes.get(this.#pass.name)!)
    if (fault !== null) return this.#case.fail(name, fault)
    const { got, defined } = ours ?? { got: (await this.#asInput(source))! }
    const map = (rows: F32Tensor): F32Tensor => featureMap(this.#prepared, rows)
    const sides = { got: map(got), ...(defined !== undefined && { defined: map(defined) }) }
    const limit = ours === undefined ? this.#copied(name, [source]) : this.#ownLimit(name, await this.#nearest(source))
    const inputs = ours === undefined ? 'dump' : 'own'
    const note = ours === undefined ? null : `${source} is not in the dump: our own run`
    await this.#case.check(name, sides, limit, () => ({ inputs, note }))
  }

  async #checkStage(fullName: string, place: StagePlace): Promise<void> {
    const nearest = await this.#nearest(fullName)
    const sides = await this.#compute(fullName, nearest)
    const inputs = nearest.missing.size === 0 ? 'dump' : 'own'
    const note =
      inputs === 'own' ? `its inputs are not in the dump: our own run from ${listed([...nearest.given])}` : null
    await this.#case.check(fullName, sides, this.#limit(fullName, place, nearest), () => ({ inputs, note }))
  }

  async #compute(fullName: string, { given }: NearestInputs): Promise<Sides> {
    const local = fullName.slice(this.#pass.name.length + 1)
    const outputs = await this.#execute({
      stages: [local],
      given: await this.#tensors(given),
      keep: false,
      ...this.#signal(),
    })
    return outputs.get(local)!
  }

  #limit(fullName: string, place: StagePlace, nearest: NearestInputs): Limit {
    const { definition, subject } = this.#case.setup
    const limit = this.#f32Limit(fullName, place, nearest)
    if (definition?.int !== true) return limit
    return intLimit(stageOf(place), limit, nearest.missing.size > 0 ? nearest.layers : null, subject.info.weights)
  }

  #f32Limit(fullName: string, place: StagePlace, nearest: NearestInputs): Limit {
    const stage = stageOf(place)
    if (stage === 'rope.cos' || stage === 'rope.sin') return ropeTable
    if (this.#case.setup.file.dtype === 'bf16' && !this.#case.setup.definition) return bf16Step(stage)
    if (nearest.missing.size > 0) return this.#ownLimit(stage, nearest)
    const { row, pass } = place
    const isCopy = row.bitEqual || (stage === 'embed' && !this.#holdsPatches())
    if (isCopy) return this.#copied(fullName, stageInputs(place, this.#case.list(this.#passes)))
    const inner = row.inner === null ? 0 : dimension(row.inner, this.#sizes.get(pass!)!)
    return teacherForced(inner, this.#case.factor)
  }

  /** Bit for bit when the dump holds f32 values; an f64 dump was rounded to f32 to be put in. */
  #copied(name: string, inputs: readonly string[]): Limit {
    const { tensors } = this.#case.setup.file
    const wide = [name, ...inputs].some((each) => tensors.get(each)?.dtype === 'F64')
    return wide ? teacherForced(0, this.#case.factor) : exact
  }

  /** A chain of ops from the nearest inputs: both sides carry rounding errors of their own. */
  #ownLimit(stage: string, { layers }: NearestInputs): Limit {
    const dtype = this.#case.setup.definition ? 'f32' : this.#case.setup.file.dtype
    return freeRunning(yardstick(stage, dtype, layers), dtype, this.#case.factor)
  }

  #holdsPatches(): boolean {
    const { from, to } = this.#pass
    return this.#prepared.patchIndices.subarray(from, to).some((index) => index >= 0)
  }

  #nearest(fullName: string): Promise<NearestInputs> {
    return nearestInputs(fullName, this.#case.list(this.#passes), (name) => this.#isUsable(name))
  }

  async #isUsable(name: string): Promise<boolean> {
    const known = this.#usable.get(name)
    if (known !== undefined) return known
    const usable = (await this.#asInput(name)) !== null
    this.#usable.set(name, usable)
    return usable
  }

  async #asInput(name: string): Promise<F32Tensor | null> {
    const place = findStage(name)
    const sizes = this.#sizes.get(place?.pass ?? '')
    return place === null || sizes === undefined ? null : this.#case.golden.asInput(name, place, sizes)
  }

  /** By their names within the pass. */
  async #tensors(names: ReadonlySet<string>): Promise<Map<string, F32Tensor>> {
    const tensors = new Map<string, F32Tensor>()
    for (const name of names) tensors.set(name.slice(this.#pass.name.length + 1), (await this.#asInput(name))!)
    return tensors
  }

  #signal(): { signal?: AbortSignal } {
    const { signal } = this.#case.setup
    return signal === undefined ? {} : { signal }
  }
}

/** 'k_rope' of 'layers.i.k_rope'. */
export function stageOf({ row }: StagePlace): string {
  return row.name.replace('layers.i.', '')
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'the ids'
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
}
