// Where --out goes. A path: the file appears complete or not at all. `-`: stdout, never a terminal; a safetensors header
// is known last and stands first, so the bytes are spooled in a temporary folder and copied when they are complete.
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SailError } from '../errors.ts'
import { createFile } from '../node/file-sink.ts'
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
  const folder = await mkdtemp(join(tmpdir(), 'sail-'))
  const spool = join(folder, 'out')
  const sink = await createFile(spool)
  const remove = () => rm(folder, { recursive: true, force: true })
  return {
    name: 'stdout',
    write: sink.write,
    async close() {
      try {
        await sink.close()
        for await (const part of createReadStream(spool)) {
          signal.throwIfAborted()
          await write(part as Buffer)
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
