// In the browser: one program on a job, its times by its own clock. The page of bench/browser/run.ts.
import { Sail } from '../../src/browser.ts'
import { passTimes } from '../passes.ts'
import type { BrowserJob, BrowserTimes } from './job.ts'
import { wllama2, wllama3 } from './wllama.ts'

async function ours({ model, tokens, steps, runs, kernels }: BrowserJob): Promise<BrowserTimes> {
  const start = performance.now()
  const sail = await Sail.load(new URL(model, location.href), { threads: 2, ...(kernels !== undefined && { kernels }) })
  const load = (performance.now() - start) / 1000
  const times = await passTimes(sail, { tokens: [tokens], steps, runs })
  const { kernels: used, threads, weights } = sail.info
  await sail.close()
  return { info: `kernels ${used}, threads ${threads}, weights ${weights}`, load, ...times }
}

globalThis.bench = (job) => ({ ours, wllama2, wllama3 })[job.program](job)
document.body.dataset.ready = 'true'
