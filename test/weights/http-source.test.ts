import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { readWhole } from '../../src/weights/folder.ts'
import { type HttpOptions, openUrl } from '../../src/weights/http-source.ts'
import { urlFolder } from '../../src/weights/url-folder.ts'
import { bytesOf, codeOf, fileWith } from './files.ts'
import { fixtures } from './torch/fixtures.ts'

const content: Uint8Array = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)
let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void

/** A server on this machine; `count` is the number of the request, from 1. */
async function serve(handler: Handler): Promise<string> {
  let count = 0
  server = createServer((request, response) => handler(request, response, ++count))
  await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers a range as a good server does, with changes. */
function part(
  request: IncomingMessage,
  response: ServerResponse,
  file = content,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): void {
  const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '')!.map(Number)
  if (from >= file.length) {
    response.writeHead(416, { 'Content-Range': `bytes */${file.length}` }).end()
    return
  }
  const end = Math.min(to + 1, file.length)
  response.writeHead(206, { ETag: '"v1"', 'Content-Range': `bytes ${from}-${end - 1}/${file.length}`, ...headers })
  response.end(body ?? file.subarray(from, end))
}

/** The code of opening, and of reading [10, 20) when that works. */
async function attempt(handler: Handler, options: HttpOptions = {}): Promise<string> {
  const url = await serve(handler)
  return codeOf(async () => (await openUrl(`${url}/f`, options)).read(10, 20))
}

describe('openUrl', () => {
  test('reads ranges', async () => {
    const source = await openUrl(`${await serve((q, r) => part(q, r))}/f`)
    expect(source.byteLength).toBe(1000)
    expect(await source.read(990, 1000)).toEqual(content.slice(990))
    expect(await source.read(0, 1000)).toEqual(content)
    expect((await source.read(5, 5)).length).toBe(0)
    expect(await codeOf(() => source.read(0, 1001))).toBe('E_FILE_RANGE')
  })

  test('opens an empty file', async () => {
    expect((await openUrl(await serve((q, r) => part(q, r, new Uint8Array(0))))).byteLength).toBe(0)
  })

  test('sends the given headers, and shows no query in its name', async () => {
    const seen: (string | undefined)[] = []
    const url = await serve((q, r) => {
      seen.push(q.headers.authorization, q.url)
      part(q, r)
    })
    const source = await openUrl(`${url}/f?key=secret`, { headers: { Authorization: 'Bearer x' } })
    expect(seen).toEqual(['Bearer x', '/f?key=secret'])
    expect(source.name).toBe(`${url}/f`)
  })

  const faults: readonly (readonly [string, string, Handler, HttpOptions?])[] = [
    ['404', 'E_FILE_MISSING', (_, r) => r.writeHead(404).end('not here')],
    ['410', 'E_FILE_MISSING', (_, r) => r.writeHead(410).end()],
    ['403', 'E_HTTP_STATUS', (_, r) => r.writeHead(403).end()],
    ['500', 'E_HTTP_STATUS', (_, r) => r.writeHead(500).end()],
    ['503 on the second request', 'E_HTTP_STATUS', (q, r, n) => (n === 1 ? part(q, r) : void r.writeHead(503).end())],
    ['a server that ignores Range', 'E_HTTP_NO_RANGE', (_, r) => r.writeHead(200).end(content)],
    [
      'a server that ignores Range later',
      'E_HTTP_NO_RANGE',
      (q, r, n) => (n === 1 ? part(q, r) : void r.writeHead(200).end(content)),
    ],
    ['a login page', 'E_HTTP_NO_RANGE', (_, r) => r.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>')],
    [
      'other bytes than asked for',
      'E_HTTP_RANGE',
      (q, r, n) => part(q, r, content, n === 1 ? {} : { 'Content-Range': 'bytes 0-9/1000' }),
    ],
    ['no Content-Range', 'E_HTTP_RANGE', (_, r) => r.writeHead(206).end('x')],
    [
      'a Content-Range without a size',
      'E_HTTP_RANGE',
      (_, r) => r.writeHead(206, { 'Content-Range': 'bytes 0-1/*' }).end('xy'),
    ],
    [
      'a size beyond 2^53',
      'E_HTTP_RANGE',
      (_, r) => r.writeHead(206, { 'Content-Range': 'bytes 0-1/99999999999999999999' }).end('xy'),
    ],
    ['an encoded part', 'E_HTTP_RANGE', (q, r) => part(q, r, content, { 'Content-Encoding': 'br' })],
    [
      'more bytes than asked for',
      'E_HTTP_RANGE',
      (q, r, n) => part(q, r, content, {}, n === 1 ? undefined : new Uint8Array(11)),
    ],
    [
      'fewer bytes than asked for',
      'E_HTTP_TRUNCATED',
      (q, r, n) => part(q, r, content, {}, n === 1 ? undefined : new Uint8Array(9)),
    ],
    [
      'no bytes at all',
      'E_HTTP_TRUNCATED',
      (q, r, n) => part(q, r, content, {}, n === 1 ? undefined : new Uint8Array(0)),
    ],
    [
      'a connection that breaks',
      'E_HTTP_TRUNCATED',
      (q, r, n) => {
        if (n === 1) return part(q, r)
        r.writeHead(206, { ETag: '"v1"', 'Content-Range': 'bytes 10-19/1000', 'Content-Length': '10' })
        r.write('12345', () => setTimeout(() => r.destroy(), 20))
      },
    ],
    ['a connection that breaks before the answer', 'E_HTTP_NETWORK', (_, r) => r.destroy()],
    ['another ETag', 'E_WEIGHTS_CHANGED', (q, r, n) => part(q, r, content, { ETag: `"v${n}"` })],
    [
      'another modification time',
      'E_WEIGHTS_CHANGED',
      (q, r, n) => part(q, r, content, { ETag: '', 'Last-Modified': `Mon, 0${n} Jan 2026` }),
    ],
    ['another size', 'E_WEIGHTS_CHANGED', (q, r, n) => part(q, r, content.subarray(0, 1000 - n))],
    [
      'a file that became too short',
      'E_WEIGHTS_CHANGED',
      (q, r, n) => part(q, r, n === 1 ? content : content.subarray(0, 5)),
    ],
    ['a server that never answers', 'E_HTTP_STALLED', () => {}, { stallMs: 50 }],
    [
      'a server that stops in the middle',
      'E_HTTP_STALLED',
      (q, r, n) => {
        if (n === 1) return part(q, r)
        r.writeHead(206, { ETag: '"v1"', 'Content-Range': 'bytes 10-19/1000' })
        r.write('12345')
      },
      { stallMs: 50 },
    ],
  ]
  for (const [what, code, handler, options] of faults) {
    test(`refuses ${what}`, async () => expect(await attempt(handler, options)).toBe(code))
  }

  test('names a server that is not there, and a URL that is none', async () => {
    const url = await serve((q, r) => part(q, r))
    server!.close()
    server!.closeAllConnections()
    expect(await codeOf(() => openUrl(url))).toBe('E_HTTP_NETWORK')
    expect(await codeOf(() => openUrl('no url'))).toBe('E_HTTP_NETWORK')
  })

  test('rejects with the reason of the signal, before and during a request', async () => {
    const url = await serve((q, r, n) => (n === 1 ? part(q, r) : undefined))
    await expect(openUrl(url, { signal: AbortSignal.abort('before') })).rejects.toBe('before')
    const source = await openUrl(url)
    const controller = new AbortController()
    const reading = source.read(0, 10, controller.signal)
    setTimeout(() => controller.abort('during'), 20)
    await expect(reading).rejects.toBe('during')
  })
})

describe('urlFolder', () => {
  const weights = fileWith({ w: { dtype: 'F32', shape: [2], data: bytesOf(Float32Array.of(1, 2)) } })
  const torch = fixtures('valid', '.bin').find(({ name }) => name === 'many')!.bytes
  const files: Record<string, Uint8Array> = {
    '/m/model.safetensors': weights,
    '/m/a%20b': content,
    '/t/pytorch_model.bin': torch,
  }
  const handler: Handler = (q, r) => {
    const file = files[q.url!.split('?')[0]]
    if (file === undefined) r.writeHead(404).end()
    else part(q, r, file)
  }

  test('opens a checkpoint behind a base URL', async () => {
    const folder = urlFolder(`${await serve(handler)}/m?key=x`)
    const checkpoint = await openCheckpoint(folder)
    expect(await checkpoint.read('w', 1)).toEqual(bytesOf(Float32Array.of(2)))
    expect([await folder.has('model.safetensors'), await folder.has('config.json'), await folder.has('..')]).toEqual([
      true,
      false,
      false,
    ])
    expect((await readWhole(folder, 'a b', 1000)).length).toBe(1000)
    expect(await folder.names()).toBe(null)
    await checkpoint.close()
  })

  test('opens a torch checkpoint behind a base URL, of which it reads headers and what is asked for', async () => {
    const checkpoint = await openCheckpoint(urlFolder(`${await serve(handler)}/t`))
    expect(checkpoint.tensors.size).toBe(12)
    expect(await checkpoint.read('layers.7.weight')).toEqual(bytesOf(Float32Array.of(7)))
    await checkpoint.close()
  })

  test('names what is missing, and refuses names that are not bare', async () => {
    const base = await serve(handler)
    expect(await codeOf(() => openCheckpoint(urlFolder(`${base}/none/`)))).toBe('E_WEIGHTS_NONE')
    for (const name of ['../m/model.safetensors', 'x/y', 'http://x'])
      expect(await codeOf(() => urlFolder(base).open(name))).toBe('E_FILE_NAME')
  })

  test('takes http and https only', async () => {
    for (const base of ['file:///etc', 'data:,x', 'ftp://x', 'nothing'])
      expect(await codeOf(() => urlFolder(base))).toBe('E_HTTP_URL')
  })
})
