// What a verification found: one entry a stage, in the order of the data, so that the first that fails is the guilty one.
// toJson gives the documented shape that scripts rely on; extra fields (`by`, `inputs`, `note`) only add to it.
import type { Comparison } from './compare.ts'
import { type Limit, objection } from './limits.ts'

export type Mode = 'teacher-forced' | 'free-running' | 'diff'

export interface StageReport {
  readonly name: string
  readonly comparison: Comparison
  readonly limit: Limit
  /** Where the stage's inputs came from: the dump, our own run (when the dump lacks them), or the run as a whole. */
  readonly inputs: 'dump' | 'own'
  /** Null when it passes, else what is wrong in a few words. */
  readonly objection: string | null
  /** Something to know that does not decide. */
  readonly note: string | null
  /** How far it is from the dump, not judged, where the golden side is another. */
  readonly fromDump: Comparison | null
}

export interface CaseReport {
  /** Name of the dump. */
  readonly golden: string
  readonly mode: Mode
  readonly stages: readonly StageReport[]
  /** Tensors of the dump that nothing here can be held against, and why. */
  readonly notCompared: readonly { readonly name: string; readonly why: string }[]
  /** For a person: what was missing, what was chosen. */
  readonly notes: readonly string[]
}

export interface Judged {
  readonly inputs?: 'dump' | 'own'
  readonly note?: string | null
  /** A second objection, heard when the limit itself has none. */
  readonly also?: string | null
  readonly fromDump?: Comparison | null
}

export function judge(name: string, comparison: Comparison, limit: Limit, extra: Judged = {}): StageReport {
  const { inputs = 'dump', note = null, also = null, fromDump = null } = extra
  return { name, comparison, limit, inputs, objection: objection(comparison, limit) ?? also, note, fromDump }
}

export function firstFailure(report: CaseReport): StageReport | null {
  return report.stages.find((stage) => stage.objection !== null) ?? null
}

export function passed(report: CaseReport): boolean {
  return firstFailure(report) === null
}

export interface VerifyJson {
  readonly pass: boolean
  readonly first_failure: string | null
  readonly cases: readonly object[]
}

/** NaN and infinities are left as numbers: whoever prints the document writes them as strings. */
export function toJson(reports: readonly CaseReport[]): VerifyJson {
  const first = reports.map(firstFailure).find((stage) => stage !== null) ?? null
  return { pass: first === null, first_failure: first?.name ?? null, cases: reports.map(caseJson) }
}

function caseJson(report: CaseReport): object {
  return {
    golden: report.golden,
    mode: report.mode,
    pass: passed(report),
    first_failure: firstFailure(report)?.name ?? null,
    stages: report.stages.map(stageJson),
    not_compared: report.notCompared.map(({ name }) => name),
  }
}

function stageJson({ name, comparison, limit, inputs, objection: fault, note, fromDump }: StageReport): object {
  return {
    name,
    kind: limit.kind,
    max_abs: comparison.maxAbs,
    rel_l2: comparison.relL2,
    cosine: comparison.cosine,
    worst: comparison.worst,
    limit: limit.kind === 'exact' ? 0 : limit.value,
    by: limit.kind === 'exact' ? 'equality' : limit.by,
    pass: fault === null,
    inputs,
    note: [fault, note].filter((text) => text !== null).join('; ') || null,
    ...(fromDump !== null && {
      from_dump: { max_abs: fromDump.maxAbs, rel_l2: fromDump.relL2, cosine: fromDump.cosine },
    }),
  }
}
