// In headless Chromium, two threads, the same small model: ours, wllama 2.3.1 and the current wllama in turns.
import type { BrowserJob } from '../browser/job.ts'
import { type BrowserResult, inChromium } from '../browser/run.ts'
import type { Flags } from './flags.ts'
import { found, places } from './install.ts'

export interface Browsers {
  readonly tokens: number
  readonly ours: BrowserResult
  readonly wllama2?: BrowserResult
  readonly wllama3?: BrowserResult
}

export async function browsers(flags: Flags, model: string): Promise<Browsers> {
  const { gguf, tokens = '64', steps = '12', rounds } = flags
  const sizes = { tokens: Number(tokens), steps: Number(steps), runs: 2 }
  const there = gguf === undefined ? [] : (['wllama2', 'wllama3'] as const).filter((name) => found(places[name], name))
  const jobs: BrowserJob[] = [{ program: 'ours', model, ...sizes }]
  for (const program of there) jobs.push({ program, model: gguf!, peer: places[program], ...sizes })
  const [ours, ...theirs] = await inChromium(jobs, Number(rounds))
  return { tokens: sizes.tokens, ours, ...Object.fromEntries(there.map((name, i) => [name, theirs[i]])) }
}
