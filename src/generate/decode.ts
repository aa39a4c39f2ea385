// The decode loop: the passes of a sequence, then one id after another, each chosen from the logits of the last.
//   prefix pass -> text pass -> choose -> step(id) -> choose -> step(id) -> ..
// It is an async generator and computes only when it is asked for the next token, so a consumer that breaks off stops
// the model there. The end: an eos id (kept in the ids), the most new tokens, or the last position the model has.
import type { Run, TokenLogprob } from '../api.ts'
import type { ModelConfig } from '../config/model-config.ts'
import type { F32Tensor } from '../tensor.ts'
import { chooseGreedy, chooseSample } from './choose.ts'
import { tokenLogprob } from './logprobs.ts'
import type { GenerateSettings } from './options.ts'
import { createRandom } from './random.ts'
import { filteredScores } from './scores.ts'
import type { Stopwatch } from './stopwatch.ts'

export interface Token {
  readonly id: number
  readonly logprob: TokenLogprob | null
  /** Why this is the last one; null when more follow. */
  readonly finish: 'stop' | 'length' | null
}

export interface DecodeSetup {
  readonly config: ModelConfig
  readonly settings: GenerateSettings
  /** Ids that are never generated. */
  readonly suppressed: readonly number[]
  readonly stopwatch: Stopwatch
  /** Called when a pass is whole in the cache. */
  readonly onPass?: (name: string) => void
}

const NEXT = 'next_logits'

export async function* decode(run: Run, setup: DecodeSetup): AsyncGenerator<Token, void> {
  const { settings, stopwatch } = setup
  const request = { stages: [NEXT], ...(settings.signal !== undefined && { signal: settings.signal }) }
  const choose = chooser(run, setup)
  let logits = nextLogits(await runPasses(run, setup))
  for (let count = 1; ; count++) {
    const token = stopwatch.time('decode', () => choose(logits, count))
    yield token
    if (token.finish !== null) return
    settings.signal?.throwIfAborted() // the cache may be another's by now
    logits = nextLogits(await stopwatch.wait('decode', () => run.step(token.id, request)))
    stopwatch.step()
  }
}

/** Runs the passes that the cache does not hold yet and gives the outputs of the last. */
async function runPasses(run: Run, { settings, stopwatch, onPass }: DecodeSetup): Promise<Map<string, F32Tensor>> {
  const { passes } = run.prepared
  const signal = settings.signal !== undefined && { signal: settings.signal }
  let outputs = new Map<string, F32Tensor>()
  for (const { name, to } of passes) {
    if (to <= run.length) continue
    const last = to === run.prepared.ids.length
    outputs = await stopwatch.wait(last ? 'prompt' : 'prefix', () =>
      run.pass(name, { stages: last ? [NEXT] : [], ...signal }),
    )
    onPass?.(name)
  }
  return outputs
}

/** Turns logits into the token number `count` (from 1) of the answer. */
function chooser(run: Run, { config, settings, suppressed }: DecodeSetup): (row: Float32Array, count: number) => Token {
  const ids = [...run.prepared.ids]
  const random = settings.seed === null ? null : createRandom(settings.seed)
  const room = config.maxPositions - run.prepared.nextPosition
  return (logits, count) => {
    const scores = filteredScores(logits, ids, settings, suppressed)
    const id = random === null ? chooseGreedy(scores) : chooseSample(scores, random())
    ids.push(id)
    const logprob = settings.logprobs === null ? null : tokenLogprob(logits, id, settings.logprobs)
    // Token `count` would be fed at position nextPosition + count - 1.
    const full = count >= settings.maxNewTokens || count > room
    return { id, logprob, finish: config.eosIds.includes(id) ? 'stop' : full ? 'length' : null }
  }
}

function nextLogits(outputs: ReadonlyMap<string, F32Tensor>): Float32Array {
  return outputs.get(NEXT)!.data
}
