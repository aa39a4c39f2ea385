// Writes a safetensors file tensor by tensor. Names, dtypes and shapes are declared first, so the header is known and
// goes out first; then each tensor is written as it is made, in any order, whole or in consecutive parts, and nothing
// is held. On any error the sink is aborted: a file is there complete or not at all.
import { listed, quote } from '../../config/quote.ts'
import { SailError } from '../../errors.ts'
import type { ByteSink } from '../byte-sink.ts'
import { type Declared, layOut } from './layout.ts'

export interface SafetensorsContent {
  readonly tensors: ReadonlyMap<string, Declared>
  readonly metadata?: ReadonlyMap<string, string>
  readonly signal?: AbortSignal
}

/** Appends data to a declared tensor: its little-endian bytes, all of them or the next part. */
export type WriteTensor = (name: string, data: ArrayBufferView) => Promise<void>

/**
 * Writes what `produce` gives and closes the sink.
 * @throws SailError E_SAFETENSORS_DECLARE, E_SAFETENSORS_UNDECLARED (a name not declared), E_SAFETENSORS_TOO_LONG (more
 *   data than declared), E_SAFETENSORS_INCOMPLETE (less); what `produce` or the sink throws; signal.reason
 */
export async function writeSafetensors(
  sink: ByteSink,
  { tensors, metadata = new Map(), signal }: SafetensorsContent,
  produce: (write: WriteTensor) => Promise<void>,
): Promise<void> {
  try {
    signal?.throwIfAborted()
    const { header, places } = layOut(sink.name, tensors, metadata)
    const next = new Map([...places].map(([name, { begin }]) => [name, begin]))
    await sink.write(header, 0)
    await produce(async (name, data) => {
      signal?.throwIfAborted()
      const end = places.get(name)?.end
      const at = next.get(name)
      if (end === undefined || at === undefined) throw fault('UNDECLARED', sink.name, name, 'a declared tensor', 'none')
      if (at + data.byteLength > end) {
        throw fault('TOO_LONG', sink.name, name, `at most ${end - at} bytes more`, `${data.byteLength}`)
      }
      next.set(name, at + data.byteLength)
      await sink.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    })
    signal?.throwIfAborted()
    const missing = [...places].filter(([name, { end }]) => next.get(name) !== end).map(([name]) => quote(name))
    if (missing.length > 0) {
      const expected = 'all data of every declared tensor'
      throw new SailError('E_SAFETENSORS_INCOMPLETE', {
        file: sink.name,
        expected,
        found: `too few for ${listed(missing)}`,
      })
    }
    await sink.close()
  } catch (error) {
    await sink.abort()
    throw error
  }
}

function fault(code: string, file: string, name: string, expected: string, found: string): SailError {
  return new SailError(`E_SAFETENSORS_${code}`, { file, place: `tensor ${quote(name)}`, expected, found })
}
