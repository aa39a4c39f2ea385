// A headless Chromium on a page of ours, cross-origin isolated so that threads share memory. Folders outside the repository
// are served under /@fs/, as vite does.
import { resolve } from 'node:path'
import { chromium } from 'playwright-core'
import { createServer } from 'vite'
import { rateOf, type Spread, spread } from '../../src/cli/bench/spread.ts'
import { chromiumFlags, findChromium } from '../../test/support/chromium.ts'
import type { BrowserJob } from './page.ts'

/** In tokens a second; or why it could not be measured. */
export type BrowserResult =
  | { readonly browser: string; readonly info: string; readonly prefix: Spread; readonly decode: Spread }
  | { readonly missing: string }

/** `model` and `wllama` are paths here. */
export async function inChromium(job: BrowserJob): Promise<BrowserResult> {
  const found = findChromium()
  if ('reason' in found) return { missing: found.reason }
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
  const server = await createServer({
    root: process.cwd(),
    configFile: false,
    logLevel: 'error',
    server: { port: 0, host: '127.0.0.1', headers, fs: { strict: false }, watch: null, hmr: false },
  })
  await server.listen()
  const browser = await chromium.launch({ executablePath: found.path, args: chromiumFlags })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(0)
    page.on('console', (message) => message.type() === 'error' && console.error(message.text()))
    await page.goto(`${server.resolvedUrls?.local[0]}bench/browser/index.html`)
    await page.waitForSelector('body[data-ready=true]', { state: 'attached' })
    const served = (path: string): string => `/@fs${resolve(path)}`
    const slash = job.wllama === undefined ? '/' : ''
    const there = {
      ...job,
      model: served(job.model) + slash,
      ...(job.wllama !== undefined && { wllama: served(job.wllama) }),
    }
    const { info, prefix, decode } = await page.evaluate((each) => globalThis.bench(each), there)
    const rates = { prefix: rateOf(job.tokens, spread(prefix)), decode: rateOf(1, spread(decode)) }
    return { browser: browser.version(), info, ...rates }
  } catch (error) {
    return { missing: String(error).slice(0, 500) }
  } finally {
    await browser.close()
    await server.close()
  }
}
