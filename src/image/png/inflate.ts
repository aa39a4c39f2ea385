// zlib streams through the platform's own DecompressionStream: native speed in Node and in browsers, and it verifies the
// Adler-32 at the end. Output is handed on as it comes and nothing is stored here, so a sink that throws bounds the work:
// a small file that inflates without end costs only what its sink accepts.
// Source: WHATWG Compression Streams.

/** The stream itself is at fault: bad codes, a wrong Adler-32, or it ends early. Errors of the sink pass as they are. */
export class InflateError extends Error {}

/** Small pieces cost an await each, so they are joined up to this many bytes; it also copies out of shared memory. */
const BLOCK = 1 << 20

function* blocks(parts: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>> {
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  let block = new Uint8Array(Math.min(BLOCK, total))
  let used = 0
  for (const part of parts)
    for (let at = 0; at < part.length; ) {
      const n = Math.min(part.length - at, block.length - used)
      block.set(part.subarray(at, at + n), used)
      at += n
      used += n
      if (used < block.length) continue
      yield block
      block = new Uint8Array(BLOCK)
      used = 0
    }
  if (used > 0) yield block.subarray(0, used)
}

/**
 * Inflates the zlib stream that `parts` hold one after the other.
 * @param sink gets the output piece by piece; what it throws ends the work and is thrown on
 * @throws InflateError when the stream is damaged or incomplete
 */
export async function inflate(parts: readonly Uint8Array[], sink: (piece: Uint8Array) => void): Promise<void> {
  const stream = new DecompressionStream('deflate')
  const writer = stream.writable.getWriter()
  const reader = stream.readable.getReader()
  const feed = async () => {
    for (const block of blocks(parts)) await writer.write(block)
    await writer.close()
  }
  // Every fault of the stream is also seen by the reader, which reports it.
  const fed = feed().catch(() => {})
  writer.closed.catch(() => {})
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw new InflateError('damaged zlib stream', { cause })
    })
    if (done) break
    try {
      sink(value)
    } catch (error) {
      reader.cancel().catch(() => {})
      throw error
    }
  }
  await fed
}
