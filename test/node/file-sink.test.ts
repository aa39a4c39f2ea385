import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createFile } from '../../src/node/file-sink.ts'
import { openFile } from '../../src/node/file-source.ts'
import { readHeader } from '../../src/weights/safetensors/header.ts'
import { readTensor } from '../../src/weights/safetensors/read.ts'
import { writeSafetensors } from '../../src/weights/safetensors/write.ts'
import { codeOf } from '../weights/files.ts'

const folder = mkdtempSync(join(tmpdir(), 'sail-sink-'))
afterAll(() => rmSync(folder, { recursive: true }))
const empty = (name: string): string => {
  mkdirSync(join(folder, name))
  return join(folder, name)
}
const tensors = new Map([['w', { dtype: 'F32', shape: [3] } as const]])

describe('createFile', () => {
  test('shows the file only when it is complete', async () => {
    const at = empty('complete')
    const path = join(at, 'out.safetensors')
    await writeSafetensors(await createFile(path), { tensors }, async (write) => {
      await write('w', Float32Array.of(1, 2, 3))
      expect(existsSync(path)).toBe(false)
    })
    expect(readdirSync(at)).toEqual(['out.safetensors'])
    const source = await openFile(path)
    expect((await readTensor(source, await readHeader(source), 'w')).data).toEqual(Float32Array.of(1, 2, 3))
    await source.close()
  })

  test('leaves nothing after an error, and the old file as it was', async () => {
    const at = empty('error')
    const path = join(at, 'out')
    writeFileSync(path, 'old')
    expect(await codeOf(async () => writeSafetensors(await createFile(path), { tensors }, async () => {}))).toBe(
      'E_SAFETENSORS_INCOMPLETE',
    )
    expect(readdirSync(at)).toEqual(['out'])
    expect(readFileSync(path, 'utf8')).toBe('old')
  })

  test('leaves nothing after an abort', async () => {
    const at = empty('abort')
    const controller = new AbortController()
    const work = writeSafetensors(await createFile(join(at, 'out')), { tensors, signal: controller.signal }, async () =>
      controller.abort('why'),
    )
    await expect(work).rejects.toBe('why')
    expect(readdirSync(at)).toEqual([])
  })

  test('writes through a link, which stays', async () => {
    const at = empty('link')
    writeFileSync(join(at, 'real'), 'old')
    symlinkSync('real', join(at, 'link'))
    const sink = await createFile(join(at, 'link'))
    await sink.write(new TextEncoder().encode('new'), 0)
    await sink.close()
    expect(readFileSync(join(at, 'real'), 'utf8')).toBe('new')
    expect(readdirSync(at)).toEqual(['link', 'real'])
  })

  test('refuses folders, devices and folders that do not exist', async () => {
    expect(await codeOf(() => createFile(folder))).toBe('E_FILE_KIND')
    expect(await codeOf(() => createFile('/dev/null'))).toBe('E_FILE_KIND')
    expect(await codeOf(() => createFile(join(folder, 'no', 'out')))).toBe('E_FILE_WRITE')
  })

  test('leaves nothing when the file cannot take its place', async () => {
    const at = empty('gone')
    const sink = await createFile(join(at, 'out'))
    await sink.write(Uint8Array.of(1), 0)
    mkdirSync(join(at, 'out'))
    expect(await codeOf(() => sink.close())).toBe('E_FILE_WRITE')
    expect(readdirSync(at)).toEqual(['out'])
  })
})
