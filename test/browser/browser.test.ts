// The library in a real browser: the embedded model, loaded over HTTP Range requests, gives the ids that PyTorch gave.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumFlags, findChromium } from '../support/chromium.ts'
import { root } from '../support/golden.ts'

interface Entry {
  image: string
  prompt: string
  ids: number[]
  kind: string
}
const browserFound = findChromium()
const reason = 'reason' in browserFound ? browserFound.reason : ''
if (reason !== '' && process.env.CI === 'true') throw new Error(`CI needs a browser: ${reason}`)

describe.skipIf(reason !== '')(`in Chromium${reason === '' ? '' : ` (skipped: ${reason})`}`, () => {
  let server: ViteDevServer
  let browser: Browser
  beforeAll(async () => {
    server = await createServer({ root, configFile: false, logLevel: 'error', server: { port: 0, host: '127.0.0.1' } })
    await server.listen()
    if (!('path' in browserFound)) return
    browser = await chromium.launch({ executablePath: browserFound.path, args: chromiumFlags })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  test('the embedded model answers one question of each kind with the ids of PyTorch', async () => {
    const lines = readFileSync(join(root, 'golden/tiny/eval/eval.jsonl'), 'utf8').trim().split('\n')
    const all = lines.map((line) => JSON.parse(line) as Entry)
    const kinds = [...new Set(all.map((entry) => entry.kind))]
    const chosen = kinds.flatMap((kind) => all.find((entry) => entry.kind === kind) ?? [])
    expect(chosen.length).toBeGreaterThan(3)

    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(`${server.resolvedUrls?.local[0]}test/browser/page/index.html`)
    await page.waitForSelector('body[data-ready=true]', { state: 'attached' })
    const asked = chosen.map(({ image, prompt }) => ({ image: `/golden/tiny/eval/${image}`, prompt }))
    const ids = await page.evaluate(([questions]) => globalThis.answer('/golden/tiny/', questions ?? []), [asked])
    expect(ids).toEqual(chosen.map((entry) => entry.ids))
    expect(errors).toEqual([])
  })
})
