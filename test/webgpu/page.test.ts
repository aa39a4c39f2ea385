// The webgpu backend in a real browser: a page loads models over HTTP, the embedded one answers with the ids that PyTorch gave,
// as it does on wasm; every golden case agrees; and when the browser's GPU process dies, an answer ends with a typed error
// and the same page loads the model again.
import { type Browser, chromium, type Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, webgpuFlags } from '../support/chromium.ts'
import { root, shared } from '../support/golden.ts'
import { type EvalEntry, evalEntries, pageCases } from '../support/page-cases.ts'

const browserFound = findChromium()
const reason = 'reason' in browserFound ? browserFound.reason : ''
const model = '/golden/tiny/'
const asked = ({ image, prompt }: EvalEntry) => ({ image: `${model}eval/${image}`, prompt })

describe.skipIf(reason !== '')(`in Chromium${reason === '' ? '' : ` (skipped: ${reason})`}`, () => {
  let server: ViteDevServer
  let browser: Browser
  beforeAll(async () => {
    const allow = [root, ...(shared === null ? [] : [shared])]
    const options = { port: 0, host: '127.0.0.1', fs: { allow }, hmr: false, watch: null }
    server = await createServer({ root, configFile: false, logLevel: 'error', server: options })
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

  test('the embedded model answers questions of every kind on webgpu with the ids of PyTorch and of wasm', async () => {
    const chosen = evalEntries(3)
    expect(chosen.length).toBe(3 * new Set(chosen.map(({ kind }) => kind)).size)
    const page = await openPage()
    for (const backend of ['webgpu', 'wasm'] as const) {
      const { ids, info } = await page.evaluate(
        ([at, name, questions]) => globalThis.sailTest.answer(at, { backend: name }, questions),
        [model, backend, chosen.map(asked)] as const,
      )
      expect(info.backend).toBe(backend)
      expect(ids).toEqual(chosen.map((entry) => entry.ids))
    }
    await page.context().close()
  })

  test.each([...pageCases()])('every golden case of %s agrees', async (at, cases) => {
    const page = await openPage()
    const { verdicts, info } = await page.evaluate(
      ([folder, list]) => globalThis.sailTest.check(folder, { backend: 'webgpu', weights: 'f32' }, list),
      [at, cases] as const,
    )
    expect(info).toMatchObject({ backend: 'webgpu', kernels: 'wgsl' })
    expect(verdicts.map(({ golden, failed }) => [golden, failed])).toEqual(cases.map(({ golden }) => [golden, []]))
    for (const { stages } of verdicts) expect(stages).toBeGreaterThan(7)
    await page.context().close()
  })

  test('a GPU process that dies in the middle of an answer is a typed error, and the page can load the model again', async () => {
    const [question] = evalEntries(1).filter(({ kind }) => kind === 'caption')
    expect(question.ids.length).toBeGreaterThan(2)
    const session = await browser.newBrowserCDPSession()
    const kill = () => session.send('Browser.crashGpuProcess')
    const page = await openPage((fresh) => fresh.exposeFunction('sailKill', kill))
    const code = await page.evaluate(([at, one]) => globalThis.sailTest.interrupted(at, one), [
      model,
      asked(question),
    ] as const)
    expect(code).toBe('E_GPU_LOST')
    const { ids } = await page.evaluate(([at, one]) => globalThis.sailTest.answer(at, { backend: 'webgpu' }, [one]), [
      model,
      asked(question),
    ] as const)
    expect(ids).toEqual([question.ids])
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
