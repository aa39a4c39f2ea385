// Every value on the way from pixel to word, in the order of the data, each handed out as it is made:
//   image.rgb .. prefix_len | prefix.* | vision_features | text.* | step.0.*, step.1.*, .. | generated_ids, step_logits
// step.<k> is the pass that reads generated id k; row k of step_logits are the logits that chose id k. Decoding is greedy.
import type { PassPlan, Run, TraceEntry } from '../api.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { chooseGreedy } from '../generate/choose.ts'
import { generateSettings } from '../generate/options.ts'
import { filteredScores } from '../generate/scores.ts'
import { maskTensor } from '../sequence/mask.ts'
import { type F32Tensor, f32, i64, type Tensor } from '../tensor.ts'
import { caseTensors } from './case-tensors.ts'
import { featureMap } from './features.ts'
import { handover } from './handover.ts'
import { linkSignals } from './link-signals.ts'
import type { TracePlan } from './trace-plan.ts'

export interface TraceSetup {
  readonly run: Run
  readonly plan: TracePlan
  readonly config: ModelConfig
  readonly suppressed: readonly number[]
  readonly signal?: AbortSignal | undefined
}

/** What else a pass must hand out for stages that are made of it. */
const NEXT = 'next_logits'

export async function* trace(setup: TraceSetup): AsyncGenerator<TraceEntry, void> {
  const { run, plan } = setup
  const { prepared } = run
  for (const [name, make] of caseTensors(prepared)) if (plan.ofCase.has(name)) yield { name, tensor: make() }

  let logits: Float32Array | undefined
  for (const [i, name] of plan.passes.entries()) {
    const last = i === plan.passes.length - 1
    const features = name === prepared.passes[0].name && plan.ofCase.has('vision_features')
    const also = [...(features ? ['final_norm'] : []), ...(last && plan.maxNewTokens > 0 ? [NEXT] : [])]
    const keep = !last || plan.maxNewTokens > 0
    const outputs = yield* traced(setup, name, also, keep, prepared.passes[i])
    if (features) yield { name: 'vision_features', tensor: featureMap(prepared, outputs.get('final_norm')!) }
    logits = outputs.get(NEXT)?.data
  }
  if (logits !== undefined) yield* steps(setup, logits)
}

async function* steps(setup: TraceSetup, first: Float32Array): AsyncGenerator<TraceEntry, void> {
  const { run, plan, config, suppressed } = setup
  const { prepared } = run
  const room = config.maxPositions - prepared.nextPosition
  const greedy = generateSettings({})
  const [ids, rows]: [number[], Float32Array[]] = [[], []]
  for (let logits = first; ; ) {
    const id = chooseGreedy(filteredScores(logits, [], greedy, suppressed))
    ids.push(id)
    rows.push(logits)
    if (config.eosIds.includes(id) || ids.length === plan.maxNewTokens || ids.length > room) break
    const mask = { ...prepared.passes.at(-1)!, from: run.length, to: run.length + 1 }
    const outputs = yield* traced(setup, `step.${ids.length - 1}`, [NEXT], true, mask, id)
    logits = outputs.get(NEXT)!.data
  }
  if (plan.ofCase.has('generated_ids')) yield { name: 'generated_ids', tensor: i64([ids.length], ids) }
  if (plan.ofCase.has('step_logits')) yield { name: 'step_logits', tensor: stack(rows) }
}

/**
 * Runs a pass, or a step when there is an id, and hands out its wanted stages, each as it is made; returns those of
 * `also`. What is given and the mask are not made by the engine: they come in their place between the others.
 */
async function* traced(
  setup: TraceSetup,
  name: string,
  also: readonly string[],
  keep: boolean,
  { from, to, mask }: PassPlan,
  id?: number,
): AsyncGenerator<TraceEntry, ReadonlyMap<string, F32Tensor>> {
  const given = setup.plan.givenOf(name)
  const here = (stage: string): Tensor | undefined =>
    stage === 'mask' ? maskTensor(mask, to - from, to) : given.get(stage)
  const waiting = setup.plan.stagesOf(name)
  const wanted = new Set(waiting.filter((stage) => stage !== 'mask' && !given.has(stage)))
  const kept = new Map<string, F32Tensor>()
  for await (const [stage, tensor] of outputs(setup, [...new Set([...wanted, ...also])], given, keep, id, name)) {
    if (also.includes(stage)) kept.set(stage, tensor)
    if (!wanted.has(stage)) continue
    for (let next = waiting.shift()!; next !== stage; next = waiting.shift()!)
      yield { name: `${name}.${next}`, tensor: here(next)! }
    yield { name: `${name}.${stage}`, tensor }
  }
  for (const stage of waiting) yield { name: `${name}.${stage}`, tensor: here(stage)! }
  return kept
}

/** The outputs of one pass or step, each as the engine makes it. */
function outputs(
  { run, signal }: TraceSetup,
  stages: readonly string[],
  given: ReadonlyMap<string, F32Tensor>,
  keep: boolean,
  id: number | undefined,
  name: string,
): AsyncGenerator<readonly [stage: string, tensor: F32Tensor]> {
  return handover(async (take, left) => {
    const link = linkSignals(signal, left)
    const onStage = (stage: string, tensor: F32Tensor): Promise<void> => take([stage, tensor])
    const request = { stages, given, keep, onStage, signal: link.signal }
    try {
      await (id === undefined ? run.pass(name, request) : run.step(id, request))
    } finally {
      link.unlink()
    }
  })
}

/** Rows as one (N, V). */
function stack(rows: readonly Float32Array[]): F32Tensor {
  const V = rows[0].length
  const data = new Float32Array(rows.length * V)
  for (const [i, row] of rows.entries()) data.set(row, i * V)
  return f32([rows.length, V], data)
}
