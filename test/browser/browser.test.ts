// The library in a real browser, over HTTP Range requests, with and without memory that threads share: the embedded model
// gives the ids that PyTorch gave, and every golden case agrees, in both builds of the kernels.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LoadOptions } from '../../src/api.ts'
import { chromiumFlags, findChromium } from '../support/chromium.ts'
import { root, shared } from '../support/golden.ts'
import type { Case } from './page/page.ts'

interface Entry {
  image: string
  prompt: string
  ids: number[]
  kind: string
}
const browserFound = findChromium()
const reason = 'reason' in browserFound ? browserFound.reason : ''
if (reason !== '' && process.env.CI === 'true') throw new Error(`CI needs a browser: ${reason}`)

/** Every kind of question, and each 25th of the evaluation set. */
function questions(): Entry[] {
  const lines = readFileSync(join(root, 'golden/tiny/eval/eval.jsonl'), 'utf8').trim().split('\n')
  const all = lines.map((line) => JSON.parse(line) as Entry)
  const firsts = new Set([...new Set(all.map(({ kind }) => kind))].map((kind) => all.find((one) => one.kind === kind)))
  return all.filter((entry, i) => firsts.has(entry) || i % 25 === 0)
}

/** Cases by model, as URLs below the server's root; f32 dumps, since the f64 ones are the same runs. */
function goldenCases(): Map<string, Case[]> {
  const found = new Map<string, Case[]>()
  const folders: [string, string, string][] = [['/golden/cases/', `${root}golden/cases/`, '']]
  if (shared !== null) folders.push([`/@fs${shared}`, shared, 'cases/'])
  for (const [url, path, below] of folders)
    for (const file of readdirSync(path + below).filter((name) => name.endsWith('.f32.safetensors'))) {
      const { model, image } = metadata(path + below + file)
      const at = `${url}models/${model}/`
      const picture = image !== undefined && existsSync(path + image) ? url + image : null
      found.set(at, [...(found.get(at) ?? []), { golden: url + below + file, image: picture }])
    }
  return found
}

function metadata(file: string): Record<string, string> {
  const bytes = readFileSync(file)
  return JSON.parse(bytes.toString('utf8', 8, 8 + bytes.readUInt32LE(0))).__metadata__
}

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
      const chosen = questions()
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
      test.each([...goldenCases()])('every golden case of %s agrees', async (model, cases) => {
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
