// Checkpoints that are wrong or change under the reader's hands, through the whole library: weights that are no numbers,
// files that shrink or are rewritten while they are read, servers that fall silent, cut off, ignore ranges or exchange
// the file. Each is a typed error that names the file, and nothing stays open.
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { fetchImage } from '../../src/facade/environment.ts'
import { Sail } from '../../src/node.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { urlFolder } from '../../src/weights/url-folder.ts'
import { model } from '../cli/tiny-a.ts'
import { dumpBytes, readDump } from '../support/dumps.ts'

vi.setConfig({ testTimeout: 60_000 })

const folder = mkdtempSync(join(tmpdir(), 'sail-sources-'))
afterAll(() => rmSync(folder, { recursive: true }))
const fault = (code: string, file: string) =>
  expect.objectContaining({ code, file: expect.stringContaining(file) as string })
const backends = ['reference', 'wasm'] as const

function copy(name: string): string {
  const path = join(folder, name)
  cpSync(model, path, { recursive: true })
  return path
}

/** Files in the folder that this process has open (Linux). */
function openFiles(): string[] {
  const target = (fd: string): string => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  }
  return process.platform === 'linux'
    ? readdirSync('/proc/self/fd')
        .map(target)
        .filter((path) => path.startsWith(folder))
    : []
}

describe.each(backends)('on %s', (backend) => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'a weight that is %s is reported with its tensor, its place and its file',
    async (value) => {
      const path = copy(`${backend} ${value}`)
      const file = join(path, 'model.safetensors')
      const dump = await readDump(file)
      for (const name of ['model.layers.1.mlp.up_proj.weight', 'model.norm.weight', 'model.embed_tokens.weight']) {
        const data = dump.tensors.get(name)!.data as Float32Array
        const kept = data[3]
        data[3] = value
        writeFileSync(file, await dumpBytes(dump))
        const place = `${name}, element 3`
        await expect(Sail.load(path, { backend })).rejects.toThrow(
          expect.objectContaining({ code: 'E_WEIGHTS_NOT_FINITE', file, place }),
        )
        data[3] = kept
      }
      expect(openFiles()).toEqual([])
    },
  )

  test.each([
    ['shrinks', (file: string) => truncateSync(file, 1_000_000), 'E_WEIGHTS_CHANGED'],
    ['loses all', (file: string) => truncateSync(file, 0), 'E_WEIGHTS_CHANGED'],
    ['is rewritten', (file: string) => writeFileSync(file, readFileSync(file)), 'E_WEIGHTS_CHANGED'],
  ] as const)('a file that %s while it is read', async (what, change, code) => {
    const path = copy(`${backend} ${what}`)
    const file = join(path, 'model.safetensors')
    let changed = false
    const onProgress = () => {
      if (!changed) change(file)
      changed = true
    }
    await expect(Sail.load(path, { backend, onProgress })).rejects.toThrow(fault(code, file))
    expect(openFiles()).toEqual([])
    cpSync(model, path, { recursive: true })
    await (await Sail.load(path, { backend })).close()
  })
})

describe('a server', () => {
  let server: Server | undefined
  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
  })

  type Part = { readonly file: Buffer; readonly from: number; readonly to: number; readonly count: number }

  /** Serves the model; `odd` answers the requests for weights instead, from the fifth on. */
  async function serve(odd: (response: ServerResponse, part: Part) => void): Promise<string> {
    let count = 0
    server = createServer((request, response) => {
      const name = request.url!.slice(1)
      let file: Buffer
      try {
        file = readFileSync(join(model, name))
      } catch {
        response.writeHead(404).end()
        return
      }
      const [, from = 0, to = 0] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')?.map(Number) ?? []
      if (name === 'model.safetensors' && ++count > 4) odd(response, { file, from, to, count })
      else good(response, { file, from, to, count })
    })
    await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready))
    return `http://127.0.0.1:${(server!.address() as AddressInfo).port}`
  }

  function good(response: ServerResponse, { file, from, to }: Part, etag = '"1"'): void {
    const body = file.subarray(from, to + 1)
    const range = `bytes ${from}-${from + body.length - 1}/${file.length}`
    response.writeHead(206, { 'content-range': range, 'content-length': body.length, etag }).end(body)
  }

  test.each([
    [
      'cuts off',
      'E_HTTP_TRUNCATED',
      (r, { file, from, to }) => {
        r.writeHead(206, {
          'content-range': `bytes ${from}-${to}/${file.length}`,
          'content-length': to - from + 1,
          etag: '"1"',
        })
        r.write(file.subarray(from, from + 2), () => setTimeout(() => r.destroy(), 20))
      },
    ],
    ['ignores Range', 'E_HTTP_NO_RANGE', (r, { file }) => void r.writeHead(200).end(file)],
    ['exchanges the file', 'E_WEIGHTS_CHANGED', (r, part) => good(r, part, `"${part.count}"`)],
    ['says it is busy', 'E_HTTP_STATUS', (r) => void r.writeHead(503).end('busy')],
    ['hangs up', 'E_HTTP_NETWORK', (r) => void r.destroy()],
  ] as [string, string, (response: ServerResponse, part: Part) => void][])(
    'that %s while weights are read',
    async (_, code, odd) => {
      for (const backend of backends) {
        const start = performance.now()
        await expect(Sail.load(await serve(odd), { backend })).rejects.toThrow(fault(code, 'model.safetensors'))
        expect(performance.now() - start).toBeLessThan(2000)
        server?.closeAllConnections()
        server?.close()
      }
    },
  )

  test('that falls silent is given up after the limit, and an abort does not wait for it', async () => {
    const url = await serve(() => {})
    const stalled = async () => {
      const checkpoint = await openCheckpoint(urlFolder(url, { stallMs: 100 }))
      for (const name of checkpoint.tensors.keys()) await checkpoint.read(name)
    }
    const start = performance.now()
    await expect(stalled()).rejects.toThrow(fault('E_HTTP_STALLED', 'model.safetensors'))
    expect(performance.now() - start).toBeLessThan(2000)
    const silent = await serve(() => {})
    const load = Sail.load(silent, { signal: AbortSignal.timeout(300) })
    await expect(load).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }))
  })

  test('that is silent from its first byte is left at an abort, also while files are looked for', async () => {
    server = createServer(() => {})
    await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready))
    const url = `http://127.0.0.1:${(server!.address() as AddressInfo).port}`
    const load = Sail.load(url, { signal: AbortSignal.timeout(100) })
    await expect(load).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }))
    await expect(fetchImage(`${url}/a.png?key=secret`, undefined, 50)).rejects.toThrow(
      expect.objectContaining({ code: 'E_HTTP_STALLED', file: `${url}/a.png` }),
    )
  })

  test('that stops in the middle of an image', async () => {
    server = createServer((_, response) => void response.writeHead(200).write('half'))
    await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready))
    const url = `http://127.0.0.1:${(server!.address() as AddressInfo).port}/a.png`
    await expect(fetchImage(url, undefined, 50)).rejects.toThrow(fault('E_HTTP_STALLED', url))
    await expect(fetchImage(url, AbortSignal.timeout(50))).rejects.toThrow(
      expect.objectContaining({ name: 'TimeoutError' }),
    )
  })
})
