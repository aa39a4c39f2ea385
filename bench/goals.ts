// All lines by which the CPU engine is judged. A line whose measurement is missing is left out; one below its floor is marked.
import type { BrowserResult } from './browser/run.ts'
import { type Goal, goal, over } from './goal.ts'
import { kernelGoals } from './kernels/goals.ts'
import type { Models } from './peers/llama.ts'
import type { Results } from './results.ts'

export function goals(results: Results): Goal[] {
  return [...kernelGoals(results), ...modelGoals(results), ...layerGoals(results), ...costGoals(results)]
}

function modelGoals({ q4, q8, browser }: Results): Goal[] {
  const [four, eight] = [q4?.models, q8?.models]
  const { ours, wllama2, wllama3 } = browser?.browser ?? {}
  return [
    ...goal(`7B, decode q4 behind ${four?.context} tokens, of llama.cpp q4_0`, 'x', decode(four), [0.85, 1.05]),
    ...goal('7B, prefix of 512 tokens q4, of llama.cpp q4_0', 'x', prefix(four), [0.85, 1.1]),
    ...goal('the same, vectors of 128 bits', 'x', narrow(four), [0.85, 1.1]),
    ...goal(`7B, decode q8 behind ${eight?.context} tokens, of llama.cpp q8_0`, 'x', decode(eight)),
    ...goal('7B, prefix of 512 tokens q8, of llama.cpp q8_0', 'x', prefix(eight)),
    ...goal('4 layers in Chromium, decode q4, of wllama 2.3.1', 'x', over(step(ours), step(wllama2)), [3, 4]),
    ...goal('4 layers in Chromium, prefix q4, of wllama 2.3.1', 'x', over(pass(ours), pass(wllama2)), [4, 6]),
    ...goal('the same, decode, of wllama 3.13', 'x', over(step(ours), step(wllama3))),
    ...goal('the same, prefix, of wllama 3.13', 'x', over(pass(ours), pass(wllama3))),
  ]
}

function decode(models: Models | undefined): number | undefined {
  return over(models?.ours.decode.median, models?.llama?.decode.median)
}

function prefix(models: Models | undefined): number | undefined {
  const [[tokens, theirs]] = Object.entries(models?.llama?.prefix ?? { none: undefined })
  return over(models?.ours.prefix[tokens]?.median, theirs?.median)
}

function narrow(models: Models | undefined): number | undefined {
  const [[tokens, theirs]] = Object.entries(models?.llama?.prefix ?? { none: undefined })
  return over(models?.narrow?.prefix[tokens]?.median, theirs?.median)
}

function step(result: BrowserResult | undefined): number | undefined {
  return result === undefined || 'missing' in result ? undefined : result.decode.median
}

function pass(result: BrowserResult | undefined): number | undefined {
  return result === undefined || 'missing' in result ? undefined : Object.values(result.prefix)[0].median
}

function layerGoals({ layer }: Results): Goal[] {
  const { ours, narrow, torch } = layer?.layer ?? {}
  if (ours === undefined || torch === undefined) return []
  const [tokens, mine] = Object.entries(ours.prefix).at(-1)!
  const of = (name: 'f32' | 'bf16'): number => mine.median / torch[name].prefix[tokens].median
  const narrowly = over(narrow?.prefix[tokens]?.median, torch.f32.prefix[tokens].median)
  return [
    ...goal('one layer, decode q4, of PyTorch bf16', 'x', ours.decode.median / torch.bf16.decode.median, [6, 9]),
    ...goal('one layer, prefix q4, of PyTorch f32', 'x', of('f32'), [1.3, 1.6]),
    ...goal('the same, vectors of 128 bits', 'x', narrowly, [1.3, 1.6]),
    ...goal('one layer, prefix q4, of PyTorch bf16', 'x', of('bf16'), [0.5, 0.65]),
  ]
}

function costGoals({ fixed, q4, q8, packing, loading }: Results): Goal[] {
  const token = fixed === undefined ? undefined : fixed.decode.seconds.median * 1000
  const memory = (models: Models | undefined): number | undefined => over(models?.ours.peak_rss, 1e9)
  const cached = (models: Models | undefined): string => `${models?.ours.grown} tokens in ${models?.ours.info.kv}`
  const extra =
    packing === undefined || loading === undefined ? undefined : (packing.peak_rss_bytes - loading.bytes) / 1e9
  return [
    ...goal('fixed cost of a token, 32 layers', 'ms', token, [1, 0.4]),
    ...goal(`memory of 7B q4, ${cached(q4?.models)}`, 'GB', memory(q4?.models), [5]),
    ...goal(`memory of 7B q8, ${cached(q8?.models)}`, 'GB', memory(q8?.models), [8.6]),
    ...goal('memory above the 7B q4 that bf16 shards become', 'GB', extra, [0.6]),
    ...goal('loading a packed 7B q4, of a bare read', '%', loading && loading.share * 100, [70]),
  ]
}
