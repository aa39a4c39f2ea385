// One dump in the course of its verification: the table's view of its names, the sequence it runs on, what was found so
// far. Teacher-forced and free-running verification both fill it; the order of the report is the order of the data.
import type { PassPlan, Prepared } from '../api.ts'
import { findStage, inDataOrder, type StageList, type StagePlace, stageNames } from '../graph/stages-names.ts'
import type { Tensor } from '../tensor.ts'
import { compare, incomparable } from './compare.ts'
import type { Definition } from './definition.ts'
import type { GoldenFile } from './golden-file.ts'
import { GoldenTensors, type Sizes } from './golden-tensors.ts'
import { exact, factorOf, type Limit } from './limits.ts'
import type { GoldenQuestion } from './question.ts'
import { type CaseReport, type Judged, judge, type Mode, type StageReport } from './report.ts'
import type { Subject } from './subject.ts'

export interface CaseSetup {
  readonly subject: Subject
  readonly file: GoldenFile
  readonly question: GoldenQuestion
  readonly mode: Mode
  /** The golden side, where the dump is none: its weights are not those that are verified. */
  readonly definition?: Definition | undefined
  readonly signal?: AbortSignal | undefined
}

/** One pass or step, by the name it has in stage names. */
export interface PassPlace extends Omit<PassPlan, 'name'> {
  readonly name: string
}

export class VerifiedCase {
  readonly setup: CaseSetup
  readonly golden: GoldenTensors
  /** 1 on the reference backend, 2 elsewhere: see limits.ts. */
  readonly factor: number
  readonly #reports = new Map<string, StageReport>()
  readonly #notCompared = new Map<string, string>()

  constructor(setup: CaseSetup) {
    this.setup = setup
    this.golden = new GoldenTensors(setup.file, setup.signal)
    this.factor = factorOf(setup.subject.info.backend)
  }

  /** Stages of a pass that the dump holds, with their place, in the order of the data. */
  stagesOf(pass: string): (StagePlace & { readonly fullName: string })[] {
    return stageNames(this.list([pass]))
      .filter((name) => this.golden.has(name))
      .map((fullName) => ({ fullName, ...findStage(fullName)! }))
      .filter((place) => place.pass === pass)
  }

  list(passes: readonly string[]): StageList {
    return { L: this.setup.subject.config.dims.L, passes }
  }

  /** Sizes by letter in one pass. */
  sizes(prepared: Prepared, { from, to }: Pick<PassPlan, 'from' | 'to'>): Sizes {
    const { dims, patchSize } = this.setup.subject.config
    const [GH, GW] = prepared.grid ?? [0, 0]
    return { ...dims, p: patchSize ?? 0, T: prepared.ids.length, P: GH * GW, GH, GW, S: to - from, K: to }
  }

  /** Holds `got` against the dump's tensor, or against what the definition says. */
  async check(
    name: string,
    { got, defined }: { readonly got: Tensor; readonly defined?: Tensor },
    limit: Limit,
    extra?: (golden: Tensor) => Promise<Judged> | Judged,
  ): Promise<void> {
    const want = await this.golden.read(name)
    const judged = (await extra?.(want)) ?? {}
    const fromDump = compare(got, want)
    if (defined === undefined) this.#reports.set(name, judge(name, fromDump, limit, judged))
    else this.#reports.set(name, judge(name, compare(got, defined), limit, { ...judged, fromDump }))
  }

  /** As `check` for what has no limit but equality; a header that does not fit is a fault. */
  async checkExact(name: string, got: Tensor): Promise<void> {
    const place = findStage(name)
    const fault = place === null ? null : this.golden.misfit(name, place, {})
    if (fault === null) await this.check(name, { got }, exact)
    else this.fail(name, fault)
  }

  /** A tensor of the dump that cannot be used. */
  fail(name: string, fault: string): void {
    this.#reports.set(name, judge(name, incomparable(fault), exact))
  }

  skip(name: string, why: string): void {
    this.#notCompared.set(name, why)
  }

  /** The report; what nothing was held against is listed, and a stage that this model does not have fails. */
  report(prepared: Prepared, notes: readonly string[] = []): CaseReport {
    const { file, mode } = this.setup
    const passes = new Set(prepared.passes.map(({ name }) => name))
    for (const name of file.tensors.keys()) {
      if (this.#reports.has(name) || this.#notCompared.has(name)) continue
      const place = findStage(name)
      if (place === null) this.skip(name, 'no stage of this name')
      else if (this.#isAbsent(place, passes)) this.fail(name, `no such ${place.pass} stage in this model or question`)
      else this.skip(name, 'nothing here to hold it against')
    }
    const rank = new Map(inDataOrder(this.#reports.keys()).map((name, i) => [name, i]))
    const stages = [...this.#reports.values()].sort(
      (a, b) => (rank.get(a.name) ?? rank.size) - (rank.get(b.name) ?? rank.size),
    )
    const notCompared = [...this.#notCompared].map(([name, why]) => ({ name, why }))
    return { golden: file.name, mode, stages, notCompared, notes }
  }

  #isAbsent({ pass, layer }: StagePlace, passes: ReadonlySet<string>): boolean {
    if (layer !== null && layer >= this.setup.subject.config.dims.L) return true
    return pass !== null && !pass.startsWith('step.') && !passes.has(pass)
  }
}
