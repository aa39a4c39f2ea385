// A checkpoint and an image over HTTP, with the entry that browsers get.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { inspect, loadTokenizer, preprocess, Sail } from '../../src/browser.ts'
import { root } from '../support/golden.ts'
import { readCase } from './read-case.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const folder = `${root}golden/cases/`
let server: Server
let base: string
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const file = await readFile(folder + decodeURIComponent(request.url!.slice(1))).catch(() => null)
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')?.map(Number) ?? []
    if (file === null) response.writeHead(404).end()
    else if (from === undefined) response.end(file)
    else {
      const body = file.subarray(from, to + 1)
      const range = `bytes ${from}-${from + body.length - 1}/${file.length}`
      response.writeHead(206, { 'content-range': range, etag: '"1"' }).end(body)
    }
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test("ids over HTTP are PyTorch's", async () => {
  const golden = await readCase(`${folder}tiny-a-image.f32.safetensors`)
  const sail = await Sail.load(`${base}models/tiny-a`)
  const question = { image: `${base}${golden.metadata.image}`, prompt: golden.metadata.prompt }
  const { ids } = await sail.ask(question, { maxNewTokens: Number(golden.metadata.max_new_tokens) })
  await sail.close()
  expect(ids).toEqual(golden.integers('generated_ids'))
})

test('the parts are there on their own', async () => {
  const model = new URL('models/tiny-a', base)
  expect((await inspect(model)).problems).toEqual([])
  expect((await loadTokenizer(model)).vocabSize).toBeGreaterThan(0)
  expect((await preprocess(new URL('images/noise-40x26.png', base), { patchSize: 14 })).grid).toEqual([2, 3])
})

test('what the server has not is refused', async () => {
  const code = (code: string) => expect.objectContaining({ code })
  await expect(preprocess(`${base}images/none.png`, { patchSize: 14 })).rejects.toThrow(code('E_IMAGE_FETCH'))
  await expect(Sail.load(`${base}models`)).rejects.toThrow(code('E_WEIGHTS_NONE'))
})
