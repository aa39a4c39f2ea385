// Whole models, ours and native llama.cpp's in turns: a prompt pass, and decoding behind a context. llama-bench runs without
// its warm-up pass where a pass takes half a minute. The last round of ours also fills the context to `grow`, for the memory.
import { type Spread, spread } from '../../src/cli/bench/spread.ts'
import { runJson } from '../child.ts'
import { type Ours, ours, type Rates, ratesOf } from '../ours.ts'
import type { Flags } from './flags.ts'
import { found, places } from './install.ts'

export interface Models {
  readonly context: number
  readonly ours: Rates &
    Pick<Ours, 'info'> & { readonly load: Spread; readonly peak_rss: number; readonly grown: number }
  /** Ours with vectors of 128 bits, where they may be joined to 256 in `ours`. */
  readonly narrow?: Rates
  readonly llama?: Rates & { readonly peak_rss: number | null; readonly build: string }
}

interface LlamaRun {
  readonly prompt: number
  readonly decode: number
  readonly peakRss: number | null
  readonly build: string
}

export async function wholeModels(flags: Flags, model: string): Promise<Models> {
  const { gguf, tokens = '512', context, grow = context, steps = '32', kv, rounds } = flags
  const file = gguf !== undefined && found(places.llamaBench, 'llama.cpp') && found(gguf, 'the GGUF file') ? gguf : null
  const [mine, narrow, theirs]: [Ours[], Ours[], LlamaRun[]] = [[], [], []]
  const sizes = [...new Set([Math.ceil(Number(tokens) / 2), Number(tokens), Number(context)])].join()
  for (let n = 1; n <= Number(rounds); n++) {
    mine.push(await ours({ model, tokens: sizes, steps, kv, ...(n === Number(rounds) && { grow }) }))
    if (file !== null) theirs.push(await llama(file, tokens, context, steps))
    if (mine[0].info.vectors > 128) narrow.push(await ours({ model, tokens, steps: '8', kv, vectors: '128' }))
  }
  const peak_rss = Math.max(...mine.map((each) => each.peak_rss))
  const load = spread(mine.map((each) => each.load))
  return {
    context: Number(context),
    ours: { info: mine[0].info, load, peak_rss, grown: Number(grow), ...ratesOf(mine) },
    ...(narrow.length > 0 && { narrow: ratesOf(narrow) }),
    ...(file !== null && { llama: llamaRates(tokens, theirs) }),
  }
}

interface LlamaTest {
  readonly avg_ts: number
  readonly build_commit: string
}

async function llama(file: string, tokens: string, context: string, steps: string): Promise<LlamaRun> {
  const run = (...args: string[]) =>
    runJson<LlamaTest[]>(places.llamaBench, ['-m', file, '-t', '2', '-r', '1', '-o', 'json', ...args])
  const prompt = await run('-p', tokens, '-n', '0', '--no-warmup')
  const decode = await run('-p', '0', '-n', steps, '-d', context)
  const peaks = [prompt, decode].flatMap(({ peakRss }) => peakRss ?? [])
  return {
    prompt: prompt.answer[0].avg_ts,
    decode: decode.answer[0].avg_ts,
    peakRss: peaks.length === 0 ? null : Math.max(...peaks),
    build: prompt.answer[0].build_commit,
  }
}

function llamaRates(tokens: string, runs: readonly LlamaRun[]): NonNullable<Models['llama']> {
  const peaks = runs.flatMap(({ peakRss }) => peakRss ?? [])
  return {
    build: runs[0].build,
    peak_rss: peaks.length === 0 ? null : Math.max(...peaks),
    prefix: { [tokens]: spread(runs.map(({ prompt }) => prompt)) },
    decode: spread(runs.map(({ decode }) => decode)),
  }
}
