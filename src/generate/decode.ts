// The decode loop: the passes of a sequence, then one id after another, each chosen from the logits of the last, or from
// the largest of them where these decide (candidates.ts).
//   prefix pass -> text pass -> choose -> step(id) -> choose -> step(id) -> ..
// It is an async generator and computes only when it is asked for the next token, so a consumer that breaks off stops
// the model there. The end: an eos id (kept in the ids), the most new tokens, or the last position the model has.
import type { Run, StageRequest, TokenLogprob } from '../api.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { allCandidates, type Candidates, decisive, topNeeded } from './candidates.ts'
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

type Outputs = Awaited<ReturnType<Run['step']>>

/** The candidates behind the tokens that `work` runs: of a few logits if they decide, else of all. */
type Ask = (work: (request: StageRequest) => Promise<Outputs>) => Promise<Candidates>

export async function* decode(run: Run, setup: DecodeSetup): AsyncGenerator<Token, void> {
  const { settings, stopwatch } = setup
  const ask = asker(run, setup)
  const choose = chooser(run, setup)
  let candidates = await runPasses(run, setup, ask)
  for (let count = 1; ; count++) {
    const token = stopwatch.time('decode', () => choose(candidates, count))
    yield token
    if (token.finish !== null) return
    settings.signal?.throwIfAborted() // the cache may be another's by now
    candidates = await stopwatch.wait('decode', () => ask((request) => run.step(token.id, request)))
    stopwatch.step()
  }
}

/** Runs the passes that the cache does not hold yet; candidates behind the last. */
async function runPasses(run: Run, { settings, stopwatch, onPass }: DecodeSetup, ask: Ask): Promise<Candidates> {
  const { passes } = run.prepared
  const signal = settings.signal !== undefined && { signal: settings.signal }
  for (const { name, to } of passes.slice(0, -1)) {
    if (to <= run.length) continue
    await stopwatch.wait('prefix', () => run.pass(name, { stages: [], ...signal }))
    onPass?.(name)
  }
  const { name } = passes.at(-1)!
  const candidates = await stopwatch.wait('prompt', () => ask((request) => run.pass(name, request)))
  onPass?.(name)
  return candidates
}

function asker(run: Run, { settings, suppressed, config }: DecodeSetup): Ask {
  const signal = settings.signal !== undefined && { signal: settings.signal }
  const top = topNeeded(settings, suppressed, config.dims.V)
  return async (work) => {
    const before = run.length
    if (top !== null) {
      const found = decisive((await work({ stages: ['next_top'], top, ...signal })).get('next_top')!, top, settings)
      if (found !== null) return found
      run.truncate(before)
    }
    return allCandidates((await work({ stages: ['next_logits'], ...signal })).get('next_logits')!)
  }
}

/** Turns candidates into the token number `count` (from 1) of the answer. */
function chooser(run: Run, { config, settings, suppressed }: DecodeSetup): (from: Candidates, count: number) => Token {
  const ids = [...run.prepared.ids]
  const random = settings.seed === null ? null : createRandom(settings.seed)
  const room = config.maxPositions - run.prepared.nextPosition
  return ({ logits, ids: few }, count) => {
    const scores = filteredScores(logits, ids, settings, few === null ? suppressed : [])
    const chosen = random === null ? chooseGreedy(scores) : chooseSample(scores, random())
    const id = few === null ? chosen : few[chosen]
    ids.push(id)
    const logprob = settings.logprobs === null ? null : tokenLogprob(logits, id, settings.logprobs)
    // Token `count` would be fed at position nextPosition + count - 1.
    const full = count >= settings.maxNewTokens || count > room
    return { id, logprob, finish: config.eosIds.includes(id) ? 'stop' : full ? 'length' : null }
  }
}
