// npm run bench -- ours: whole passes of ours in a process of its own, as the other commands start it; prints JSON.
//   --model DIR [--tokens 256,512,1024] [--runs 1] [--steps 32] [--stage layers.0.out] [--grow 2048]
//   [--threads 2] [--kernels auto] [--vectors auto] [--weights exact] [--kv f32]
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { rateOf, type Spread, spread } from '../src/cli/bench/spread.ts'
import type * as Vectors from '../src/node/vectors.ts'
import type { LoadOptions, Sail } from '../src/node.ts'
import { runBench } from './child.ts'
import { type PassTimes, passTimes } from './passes.ts'

export interface Ours extends PassTimes {
  readonly info: {
    readonly kernels: string
    readonly threads: number
    readonly weights: string
    readonly kv: string
    readonly vectors: number
  }
  /** Seconds. */
  readonly load: number
  /** Bytes, with the largest context in the cache. */
  readonly peak_rss: number
}

const options = {
  model: { type: 'string' },
  tokens: { type: 'string', default: '256,512,1024' },
  runs: { type: 'string', default: '1' },
  steps: { type: 'string', default: '32' },
  stage: { type: 'string' },
  grow: { type: 'string' },
  threads: { type: 'string', default: '2' },
  kernels: { type: 'string', default: 'auto' },
  vectors: { type: 'string', default: 'auto' },
  weights: { type: 'string', default: 'exact' },
  kv: { type: 'string', default: 'f32' },
} as const

type Flags = Partial<Record<keyof typeof options, string>>

export async function main(args: string[]): Promise<void> {
  const { model, tokens, runs, steps, stage, grow, threads, vectors, ...load } = parseArgs({ args, options }).values
  if (model === undefined) throw new Error('ours: --model DIR is missing')
  const built = (file: string): string => pathToFileURL(join(process.cwd(), 'dist', file)).href
  const { Sail: loader } = (await import(built('node.js'))) as { Sail: typeof Sail }
  const { joinVectors, vectorBits } = (await import(built('node/vectors.js'))) as typeof Vectors
  if (vectors === 'auto') joinVectors() // as the command does
  const start = performance.now()
  const sail = await loader.load(model, { ...load, threads: Number(threads), backend: 'wasm' } as LoadOptions)
  const loaded = (performance.now() - start) / 1000
  const times = await passTimes(sail, {
    ...{ tokens: tokens.split(',').map(Number), runs: Number(runs), steps: Number(steps) },
    ...(stage !== undefined && { stage }),
    ...(grow !== undefined && { grow: Number(grow) }),
  })
  const { kernels, threads: used, weights } = sail.info
  await sail.close()
  const info = { kernels, threads: used, weights, kv: load.kv, vectors: vectorBits() }
  const result: Ours = { info, load: loaded, ...times, peak_rss: process.resourceUsage().maxRSS * 1024 }
  console.log(JSON.stringify(result))
}

/** Such a process. `node`: the engine's binary. */
export function ours(flags: Flags, node = process.execPath): Promise<Ours> {
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])
  return runBench<Ours>(['ours', ...args], node)
}

/** Tokens a second, by the tokens of a prefix pass, and decoding. */
export interface Rates {
  readonly prefix: Readonly<Record<string, Spread>>
  readonly decode: Spread
}

/** What several processes took for the same, as rates. */
export function ratesOf(rounds: readonly PassTimes[]): Rates {
  const sizes = Object.keys(rounds[0].prefix).map(Number)
  const seconds = (count: number): number[] => rounds.flatMap(({ prefix }) => prefix[count])
  const prefix = Object.fromEntries(sizes.map((count) => [count, rateOf(count, spread(seconds(count)))]))
  return { prefix, decode: rateOf(1, spread(rounds.flatMap(({ decode }) => decode))) }
}
