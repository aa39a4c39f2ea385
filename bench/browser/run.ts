// Jobs in a headless Chromium, each in a browser of its own, on a page of ours that is cross-origin isolated so that threads
// share memory. Folders outside the repository are served under /@fs/, as vite does.
import { resolve } from 'node:path'
import { chromium } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { chromiumFlags, findChromium } from '../../test/support/chromium.ts'
import { type Rates, ratesOf } from '../ours.ts'
import type { BrowserJob, BrowserTimes } from './job.ts'

/** In tokens a second; or why it could not be measured. */
export type BrowserResult =
  | (Rates & { readonly browser: string; readonly info: string; readonly load: number })
  | { readonly missing: string }

/** The jobs in turns, `rounds` times, and what each gave. `model` and `peer` are paths here. */
export async function inChromium(jobs: readonly BrowserJob[], rounds: number): Promise<BrowserResult[]> {
  const found = findChromium()
  if ('reason' in found) return jobs.map(() => ({ missing: found.reason }))
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
  const server = await createServer({
    root: process.cwd(),
    configFile: false,
    logLevel: 'error',
    server: { port: 0, host: '127.0.0.1', headers, fs: { strict: false }, watch: null, hmr: false },
  })
  await server.listen()
  try {
    const answers: Answer[][] = jobs.map(() => [])
    for (let n = 0; n < rounds; n++)
      for (const [i, job] of jobs.entries()) answers[i].push(await once(found.path, server, job))
    return answers.map(together)
  } finally {
    await server.close()
  }
}

type Answer = (BrowserTimes & { readonly browser: string }) | { readonly missing: string }

async function once(executablePath: string, server: ViteDevServer, job: BrowserJob): Promise<Answer> {
  console.error(`Chromium: ${job.program} on ${job.model}`)
  const browser = await chromium.launch({ executablePath, args: chromiumFlags })
  try {
    const page = await browser.newPage()
    page.on('console', (message) => message.type() === 'error' && console.error(message.text()))
    await page.goto(`${server.resolvedUrls?.local[0]}bench/browser/index.html`)
    await page.waitForSelector('body[data-ready=true]', { state: 'attached', timeout: 60_000 })
    const served = (path: string): string => `/@fs${resolve(path)}`
    const model = served(job.model) + (job.program === 'ours' ? '/' : '')
    const there = { ...job, model, ...(job.peer !== undefined && { peer: served(job.peer) }) }
    return { browser: browser.version(), ...(await page.evaluate((each) => globalThis.bench(each), there)) }
  } catch (error) {
    return { missing: String(error).slice(0, 500) }
  } finally {
    await browser.close()
  }
}

function together(answers: readonly Answer[]): BrowserResult {
  const times = answers.flatMap((answer) => ('missing' in answer ? [] : [answer]))
  if (times.length === 0) return answers[0] as { readonly missing: string }
  const { browser, info, load } = times[0]
  return { browser, info, load, ...ratesOf(times) }
}
