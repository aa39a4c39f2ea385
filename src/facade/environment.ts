// What differs between Node and a browser: where a checkpoint's folder and an image's bytes come from, and what the wasm
// backend runs on. This is what every environment has: URLs and Blobs. src/node/environment.ts adds paths.
import type { Source } from '../api.ts'
import type { WasmHost } from '../backends/wasm/host.ts'
import { webHost } from '../backends/wasm/web-host.ts'
import type { GpuHost } from '../backends/webgpu/host.ts'
import { webGpuHost } from '../backends/webgpu/web-host.ts'
import { SailError } from '../errors.ts'
import { blobFolder, type Folder } from '../weights/folder.ts'
import { withoutSecrets } from '../weights/http-source.ts'
import { type StallGuard, stallGuard } from '../weights/stall-guard.ts'
import { urlFolder } from '../weights/url-folder.ts'

export interface NamedBytes {
  readonly bytes: Uint8Array
  /** Path or URL, for errors. */
  readonly file: string
}

export interface Environment {
  openFolder(source: Source): Promise<Folder>
  /** The bytes of an image given by name. */
  readImage(input: string | URL, signal?: AbortSignal): Promise<NamedBytes>
  /** Workers, kernels and memory of the wasm backend. */
  readonly wasm: WasmHost
  /** The way to WebGPU. */
  readonly gpu: GpuHost
}

/** No picture that fits the pixel limit of the decoder has a larger file. */
export const MAX_IMAGE_BYTES = 1 << 29

export const webEnvironment: Environment = {
  async openFolder(source) {
    if (typeof source === 'string' || source instanceof URL) return urlFolder(absolute(source))
    return blobFolder(source)
  },
  readImage: (input, signal) => fetchImage(absolute(input), signal),
  wasm: webHost,
  gpu: webGpuHost,
}

/** A URL relative to the page, made absolute; what is none is left for the error of whoever uses it. */
function absolute(url: string | URL): string {
  try {
    return new Request(url).url
  } catch {
    return String(url)
  }
}

/** @throws SailError E_IMAGE_FETCH, E_IMAGE_FILE_SIZE, E_HTTP_STALLED after `stallMs` of silence; signal.reason */
export async function fetchImage(url: string, signal?: AbortSignal, stallMs = 30_000): Promise<NamedBytes> {
  const file = url.startsWith('data:') ? 'data: URL' : withoutSecrets(url)
  const wait = stallGuard(file, stallMs, signal)
  try {
    const response = await wait.next(fetch(url, { signal: wait.signal }))
    if (!response.ok) throw notFetched(file, `status ${response.status}`)
    return { bytes: await readBody(response, file, wait), file }
  } catch (cause) {
    const why = wait.explain(cause)
    throw why instanceof SailError && why.code === 'E_HTTP_NETWORK' ? notFetched(file, String(cause), cause) : why
  } finally {
    wait.stop()
  }
}

/** The body, read piece by piece so that a server that never ends cannot fill the memory. */
async function readBody(response: Response, file: string, wait: StallGuard): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  const reader = response.body?.getReader()
  const next = () => reader && wait.next(reader.read())
  for (let part = await next(); part?.value !== undefined; part = await next()) {
    parts.push(part.value)
    size += part.value.length
    if (size > MAX_IMAGE_BYTES) throw tooLarge(file, `${size} or more`)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

/** @throws SailError E_IMAGE_FILE_SIZE */
export function tooLarge(file: string, found: string): SailError {
  return new SailError('E_IMAGE_FILE_SIZE', { file, expected: `at most ${MAX_IMAGE_BYTES} bytes`, found })
}

function notFetched(file: string, found: string, cause?: unknown): SailError {
  return new SailError('E_IMAGE_FETCH', { file, expected: 'an image', found, cause })
}
