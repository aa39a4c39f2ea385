// Where --out goes. A path: the file appears complete or not at all. `-`: stdout, never a terminal; a safetensors header
// is known last and stands first, so the bytes are spooled in a temporary folder and copied when they are complete.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SailError } from '../errors.ts'
import { createFile, writing } from '../node/file-sink.ts'
import { openFile } from '../node/file-source.ts'
import { write } from './stdout.ts'

type Sink = Awaited<ReturnType<typeof createFile>>

/** @throws SailError E_OUT_TERMINAL, and those of createFile */
export async function openOut(path: string, signal: AbortSignal): Promise<Sink> {
  if (path !== '-') return createFile(path)
  if (process.stdout.isTTY) {
    const hint = 'send stdout to a file or a pipe, or give --out a path'
    throw new SailError('E_OUT_TERMINAL', {
      file: 'stdout',
      place: '--out',
      expected: 'a file or a pipe',
      found: 'a terminal',
      hint,
    })
  }
  const folder = await writing(tmpdir(), () => mkdtemp(join(tmpdir(), 'sail-')))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const sink = await createFile(join(folder, 'out'))
    return spooled(sink, remove, signal)
  } catch (error) {
    await remove()
    throw error
  }
}

/** Bytes of the spool that are copied at once. */
const part = 1 << 20

function spooled(sink: Sink, remove: () => Promise<void>, signal: AbortSignal): Sink {
  return {
    name: 'stdout',
    write: sink.write,
    async close() {
      try {
        await sink.close()
        const spool = await openFile(sink.name)
        try {
          for (let at = 0; at < spool.byteLength; at += part)
            await write(await spool.read(at, Math.min(at + part, spool.byteLength), signal))
        } finally {
          await spool.close()
        }
      } finally {
        await remove()
      }
    },
    async abort() {
      await sink.abort()
      await remove()
    },
  }
}
