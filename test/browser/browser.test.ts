// The library in a real browser, over HTTP Range requests, with and without memory that threads share: the embedded model
// gives the ids that PyTorch gave, and every golden case agrees, in both builds of the kernels.
import { type Browser, chromium, type Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LoadOptions } from '../../src/api.ts'
import { chromiumFlags, findChromium } from '../support/chromium.ts'
import { root, shared } from '../support/golden.ts'
import { evalEntries, pageCases } from '../support/page-cases.ts'

const browserFound = findChromium()
const reason = 'reason' in browserFound ? browserFound.reason : ''
if (reason !== '' && process.env.CI === 'true') throw new Error(`CI needs a browser: ${reason}`)

const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
const places: [string, Record<string, string>, LoadOptions[]][] = [
  ['isolated, so that threads share memory', isolation, [{ kernels: 'strict' }, { kernels: 'relaxed' }]],
  ['not isolated, on one thread', {}, [{}]],
]

describe.skipIf(reason !== '')(`in Chromium${reason === '' ? '' : ` (skipped: ${reason})`}`, () => {
  let browser: Browser
  beforeAll(async () => {
    if ('path' in browserFound)
      browser = await chromium.launch({ executablePath: browserFound.path, args: chromiumFlags })
  })
  afterAll(() => browser?.close())

  describe.each(places)('%s', (_, headers, builds) => {
    const isolated = 'Cross-Origin-Opener-Policy' in headers
    const threads = isolated ? 2 : 1
    let server: ViteDevServer
    let page: Page
    const errors: string[] = []
    beforeAll(async () => {
      const allow = [root, ...(shared === null ? [] : [shared])]
      const options = { port: 0, host: '127.0.0.1', headers, fs: { allow }, hmr: false, watch: null }
      server = await createServer({ root, configFile: false, logLevel: 'error', server: options })
      await server.listen()
      page = await browser.newPage()
      page.on('pageerror', (error) => errors.push(String(error)))
      await page.goto(`${server.resolvedUrls?.local[0]}test/browser/page/index.html`)
      await page.waitForSelector('body[data-ready=true]', { state: 'attached' })
      expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(isolated)
    })
    afterAll(async () => {
      await page?.close()
      await server?.close()
      expect(errors).toEqual([])
    })

    test('the embedded model answers with the ids of PyTorch', async () => {
      const chosen = evalEntries(1, 25)
      expect(chosen.length).toBeGreaterThan(40)
      const asked = chosen.map(({ image, prompt }) => ({ image: `/golden/tiny/eval/${image}`, prompt }))
      const { ids, info } = await page.evaluate(
        ([options, list]) => globalThis.sailTest.answer('/golden/tiny/', options, list),
        [{ threads }, asked] as const,
      )
      expect(ids).toEqual(chosen.map((entry) => entry.ids))
      expect(info).toMatchObject({ backend: 'wasm', threads })
      expect(/not cross-origin isolated/.test(info.notes.join())).toBe(!isolated)
    })

    describe.each(builds)('%o', (options) => {
      test.each([...pageCases()])('every golden case of %s agrees', async (model, cases) => {
        const { verdicts, info } = await page.evaluate(
          ([at, settings, list]) => globalThis.sailTest.check(at, settings, list),
          [model, { ...options, backend: 'wasm', weights: 'f32', threads }, cases] as const,
        )
        expect(info).toMatchObject({ threads, kernels: options.kernels ?? 'strict' })
        expect(verdicts.map(({ golden, failed }) => [golden, failed])).toEqual(cases.map(({ golden }) => [golden, []]))
        for (const { stages } of verdicts) expect(stages).toBeGreaterThan(7)
      })
    })
  })
})
