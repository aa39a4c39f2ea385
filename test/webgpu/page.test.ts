// The webgpu backend in a real browser: a page loads the embedded model over HTTP and answers with the ids that PyTorch gave,
// as it does on wasm.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
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

  async function openPage(prepare: (page: Page) => Promise<unknown> = async () => {}): Promise<Page> {
    const page = await (await browser.newContext()).newPage()
    await prepare(page)
    await page.goto(`${server.resolvedUrls?.local[0]}test/browser/page/index.html`)
    await page.waitForSelector('body[data-ready=true]', { state: 'attached' })
    return page
  }

  test('the embedded model answers on webgpu with the ids of PyTorch and of wasm', async () => {
    const lines = readFileSync(join(root, 'golden/tiny/eval/eval.jsonl'), 'utf8').trim().split('\n')
    const all = lines.map((line) => JSON.parse(line) as Entry)
    const kinds = [...new Set(all.map((entry) => entry.kind))].slice(0, 4)
    const chosen = kinds.flatMap((kind) => all.find((entry) => entry.kind === kind) ?? [])
    const asked = chosen.map(({ image, prompt }) => ({ image: `/golden/tiny/eval/${image}`, prompt }))
    const page = await openPage()
    const idsOn = async (backend: 'webgpu' | 'wasm') => {
      const { ids, info } = await page.evaluate(
        ([name, questions]) => globalThis.sailTest.answer('/golden/tiny/', { backend: name }, questions),
        [backend, asked] as const,
      )
      expect(info.backend).toBe(backend)
      return ids
    }
    const wanted = chosen.map((entry) => entry.ids)
    expect(await idsOn('webgpu')).toEqual(wanted)
    expect(await idsOn('wasm')).toEqual(wanted)
    await page.context().close()
  })

  test.each(['tiny-a', 'tiny-window', 'text-llama'])('every stage of the golden cases of %s agrees', async (model) => {
    const dumps = readdirSync(join(root, 'golden/cases')).filter(
      (file) => file.startsWith(model) && file.endsWith('.f32.safetensors'),
    )
    const picture = model === 'tiny-a' ? 'noise-40x26.png' : 'noise-17x25.jpg'
    const cases = dumps.map((file) => ({
      golden: `/golden/cases/${file}`,
      image: file.includes('-image') ? `/golden/cases/images/${picture}` : null,
    }))
    expect(cases.length).toBeGreaterThan(0)
    const page = await openPage()
    const { verdicts, info } = await page.evaluate(
      ([at, list]) => globalThis.sailTest.check(at, { backend: 'webgpu', weights: 'f32' }, list),
      [`/golden/cases/models/${model}/`, cases] as const,
    )
    expect(info).toMatchObject({ backend: 'webgpu', kernels: 'wgsl' })
    expect(verdicts.map(({ golden, failed }) => [golden, failed])).toEqual(cases.map(({ golden }) => [golden, []]))
    for (const { stages } of verdicts) expect(stages).toBeGreaterThan(7)
    await page.context().close()
  })

  test('a page without WebGPU is an error that says so', async () => {
    const page = await openPage((fresh) =>
      fresh.addInitScript(() => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })),
    )
    const code = await page.evaluate(() =>
      globalThis.sailTest.answer('/golden/tiny/', { backend: 'webgpu' }, []).then(
        () => 'loaded',
        (error: { code: string }) => error.code,
      ),
    )
    expect(code).toBe('E_BACKEND_UNAVAILABLE')
    await page.context().close()
  })
})
