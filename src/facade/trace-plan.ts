// What a trace has to do: from patterns to the stages of the case, of each pass and of each step, so that nothing runs
// that nobody wants to see. A pattern that can match nothing is an error, as is a given stage of a pass that never runs.
import type { Prepared, TraceOptions } from '../api.ts'
import { SailError } from '../errors.ts'
import { selectStages } from '../graph/stages-glob.ts'
import { findStage, stageNames } from '../graph/stages-names.ts'
import type { F32Tensor } from '../tensor.ts'

export interface TracePlan {
  /** Full names of the wanted stages of the case: before the passes, vision_features, and at the end. */
  readonly ofCase: ReadonlySet<string>
  /** Names of the passes to run, in order: up to the last that anything is wanted of. */
  readonly passes: readonly string[]
  /** Steps at most; 0 when no token is generated. */
  readonly maxNewTokens: number
  /** Wanted stages of a pass or step ('step.4') by name within it, in the order of the data. */
  stagesOf(pass: string): string[]
  /** Values that replace stages of a pass or step, by name within it. */
  givenOf(pass: string): Map<string, F32Tensor>
}

const imageOnly = new Set(['image.rgb', 'image.resized', 'patches', 'grid', 'vision_features'])
const generated = new Set(['generated_ids', 'step_logits'])

/** @throws SailError E_TRACE_STAGE, E_TRACE_GIVEN, E_OPTION_MAX_NEW_TOKENS */
export function planTrace(prepared: Prepared, L: number, options: TraceOptions): TracePlan {
  const { stages: patterns, given = {}, maxNewTokens = 0 } = options
  checkMaxNewTokens(maxNewTokens)
  const passes = prepared.passes.map(({ name }) => name)
  const steps = maxNewTokens > 1 ? ['step.0'] : []
  const names = stageNames({ L, passes: [...passes, ...steps] }).filter(
    (name) => (prepared.image !== null || !imageOnly.has(name)) && (maxNewTokens > 0 || !generated.has(name)),
  )
  const plain = patterns.map((pattern) => anyStep(pattern, maxNewTokens))
  const { names: wanted, unmatched } = selectStages(names, plain)
  if (patterns.length === 0 || unmatched.length > 0) throw noStage(unmatched[0] ?? 'none', passes, maxNewTokens)
  checkGiven(Object.keys(given), passes, maxNewTokens)

  const select = (pass: string): string[] =>
    selectStages(stageNames({ L, passes: [pass] }), patterns).names.filter((name) => name.startsWith(`${pass}.`))
  const used = (pass: string): boolean =>
    select(pass).length > 0 || (pass === 'prefix' && wanted.includes('vision_features'))
  const last = maxNewTokens > 0 ? passes.length - 1 : passes.findLastIndex(used)
  return {
    ofCase: new Set(wanted.filter((name) => findStage(name)?.pass === null)),
    passes: passes.slice(0, last + 1),
    maxNewTokens,
    stagesOf: (pass) => select(pass).map((name) => name.slice(pass.length + 1)),
    givenOf: (pass) =>
      new Map(
        Object.entries(given).flatMap(([name, tensor]) =>
          name.startsWith(`${pass}.`) ? [[name.slice(pass.length + 1), tensor] as const] : [],
        ),
      ),
  }
}

/** A pattern for one step that may come stands for step 0 while patterns are checked; later steps have the same stages. */
function anyStep(pattern: string, maxNewTokens: number): string {
  return pattern.replace(/^step\.(\d+)\./, (whole, k: string) => (Number(k) < maxNewTokens - 1 ? 'step.0.' : whole))
}

function checkGiven(names: readonly string[], passes: readonly string[], maxNewTokens: number): void {
  for (const name of names) {
    const pass = findStage(name)?.pass ?? null
    const step = pass?.startsWith('step.') && Number(pass.slice(5)) < maxNewTokens - 1
    if (pass !== null && (step || passes.includes(pass))) continue
    throw new SailError('E_TRACE_GIVEN', {
      file: 'trace',
      place: 'given',
      expected: `a stage of ${passes.join(' or ')}, by its full name`,
      found: name,
    })
  }
}

function checkMaxNewTokens(value: unknown): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return
  throw new SailError('E_OPTION_MAX_NEW_TOKENS', {
    file: 'options',
    place: 'maxNewTokens',
    expected: 'an integer from 0',
    found: String(value),
  })
}

function noStage(pattern: string, passes: readonly string[], maxNewTokens: number): SailError {
  const generates = 'generated_ids, step_logits and step.<k>.* need maxNewTokens, images an image'
  return new SailError('E_TRACE_STAGE', {
    file: 'trace',
    place: 'stages',
    expected: `patterns of stages that this run has (passes ${passes.join(', ')}, ${maxNewTokens} new tokens)`,
    found: pattern,
    hint: `for instance '${passes[0]}.layers.*.out'; ${generates}`,
  })
}
