// The webgpu backend in a real browser: a page loads the embedded model over HTTP and answers with the ids that PyTorch gave,
// as it does on wasm.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, webgpuFlags } from '../support/chromium.ts'
import { root } from '../support/golden.ts'

interface Entry {
  image: string
  prompt: string
  ids: number[]
  kind: string
}
const browserFound = findChromium()
const reason = 'reason' in browserFound ? browserFound.reason : ''

describe.skipIf(reason !== '')(`in Chromium${reason === '' ? '' : ` (skipped: ${reason})`}`, () => {
  let server: ViteDevServer
  let browser: Browser
  beforeAll(async () => {
    server = await createServer({ root, configFile: false, logLevel: 'error', server: { port: 0, host: '127.0.0.1' } })
    await server.listen()
    if (!('path' in browserFound)) return
    browser = await chromium.launch({ executablePath: browserFound.path, args: webgpuFlags })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  test('the embedded model answers on webgpu with the ids of PyTorch and of wasm', async () => {
    const lines = readFileSync(join(root, 'golden/tiny/eval/eval.jsonl'), 'utf8').trim().split('\n')
    const all = lines.map((line) => JSON.parse(line) as Entry)
    const kinds = [...new Set(all.map((entry) => entry.kind))].slice(0, 4)
    const chosen = kinds.flatMap((kind) => all.find((entry) => entry.kind === kind) ?? [])
    const asked = chosen.map(({ image, prompt }) => ({ image: `/golden/tiny/eval/${image}`, prompt }))

    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(`${server.resolvedUrls?.local[0]}test/browser/page/index.html`)
    await page.waitForSelector('body[data-ready=true]', { state: 'attached' })
    const idsOn = (backend: 'webgpu' | 'wasm') =>
      page.evaluate(([name, questions]) => globalThis.answer('/golden/tiny/', questions, name), [
        backend,
        asked,
      ] as const)
    const wanted = chosen.map((entry) => entry.ids)
    expect(await idsOn('webgpu')).toEqual(wanted)
    expect(await idsOn('wasm')).toEqual(wanted)
    expect(errors).toEqual([])
  })

  test('a page without WebGPU is an error that says so', async () => {
    const plain = await browser.newContext()
    const page = await plain.newPage()
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }))
    await page.goto(`${server.resolvedUrls?.local[0]}test/browser/page/index.html`)
    await page.waitForSelector('body[data-ready=true]', { state: 'attached' })
    const code = await page.evaluate(() =>
      globalThis.answer('/golden/tiny/', [], 'webgpu').then(
        () => 'loaded',
        (error: { code: string }) => error.code,
      ),
    )
    expect(code).toBe('E_BACKEND_UNAVAILABLE')
    await plain.close()
  })
})
