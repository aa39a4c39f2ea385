import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openFile } from '../../src/node/file-source.ts'
import { openFolder } from '../../src/node/open-folder.ts'
import { readWhole } from '../../src/weights/folder.ts'
import { codeOf } from '../weights/files.ts'

const folder = mkdtempSync(join(tmpdir(), 'sail-source-'))
afterAll(() => rmSync(folder, { recursive: true }))
const put = (name: string, content: string | Uint8Array = '0123456789'): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const isRoot = process.getuid?.() === 0

describe('openFile', () => {
  test('reads exactly the range asked for', async () => {
    const source = await openFile(put('a'))
    expect(source.byteLength).toBe(10)
    expect(text(await source.read(0, 10))).toBe('0123456789')
    expect(text(await source.read(3, 5))).toBe('34')
    expect((await source.read(10, 10)).length).toBe(0)
    for (const [a, b] of [
      [0, 11],
      [-1, 2],
      [5, 4],
      [0.5, 1],
      [0, Number.NaN],
    ] as const) {
      expect(await codeOf(() => source.read(a, b))).toBe('E_FILE_RANGE')
    }
    await source.close()
  })

  const fifos = ['fifo', 'model.safetensors', 'config.json']
  const irregular: readonly (readonly [string, readonly string[]])[] = [
    ['directories', [folder, '/', join(folder, '..')]],
    ['FIFOs', fifos.map((name) => join(folder, `${name}.pipe`))],
    ['devices', ['/dev/null', '/dev/zero', '/dev/urandom']],
  ]
  test.each(irregular)('refuses %s at once', async (what, paths) => {
    for (const path of paths) {
      if (what === 'FIFOs') execFileSync('sh', ['-c', 'mkfifo "$0"', path])
      expect(await codeOf(() => openFile(path)), path).toBe('E_FILE_KIND')
    }
  })

  test('names what is not there', async () => {
    for (const path of [join(folder, 'none'), join(put('plain'), 'below'), join(folder, 'no', 'folder')]) {
      expect(await codeOf(() => openFile(path))).toBe('E_FILE_MISSING')
    }
  })

  // Root may read everything.
  test.skipIf(isRoot)('names what cannot be read (skipped as root)', async () => {
    const path = put('secret')
    chmodSync(path, 0)
    expect(await codeOf(() => openFile(path))).toBe('E_FILE_UNREADABLE')
  })

  const changes: readonly (readonly [string, (path: string) => void])[] = [
    ['grew', (path) => appendFileSync(path, 'x')],
    ['shrank', (path) => truncateSync(path, 4)],
    ['was written over', (path) => writeFileSync(path, '9876543210')],
    ['was touched', (path) => utimesSync(path, 1, 1)],
  ]
  for (const [what, change] of changes) {
    test(`notices that a file ${what} after it was opened`, async () => {
      const path = put(`changed ${what}`)
      utimesSync(path, 1000, 1000)
      const source = await openFile(path)
      expect(text(await source.read(0, 2))).toBe('01')
      change(path)
      expect(await codeOf(() => source.read(0, 2))).toBe('E_WEIGHTS_CHANGED')
      await source.close()
    })
  }

  test('keeps the old bytes of a file that was replaced', async () => {
    const source = await openFile(put('replaced'))
    rmSync(join(folder, 'replaced'))
    put('replaced', 'other')
    expect(text(await source.read(0, 10))).toBe('0123456789')
    await source.close()
  })

  test('refuses memory that no engine gives in one piece, without trying', async () => {
    const path = put('sparse')
    truncateSync(path, 2 ** 43)
    const source = await openFile(path)
    expect(await codeOf(() => source.read(0, 2 ** 43))).toBe('E_MEMORY')
    expect(text(await source.read(0, 3))).toBe('012')
    await source.close()
  })

  test('rejects with the reason of an aborted signal', async () => {
    const source = await openFile(put('b'))
    await expect(source.read(0, 1, AbortSignal.abort('why'))).rejects.toBe('why')
    await source.close()
  })
})

describe('openFolder', () => {
  const make = (name: string): string => {
    mkdirSync(join(folder, name), { recursive: true })
    return join(folder, name)
  }

  test('opens files by name and lists them', async () => {
    const path = make('good')
    writeFileSync(join(path, 'b.txt'), 'b')
    writeFileSync(join(path, 'a.txt'), 'a')
    const opened = await openFolder(path)
    expect(await opened.names()).toEqual(['a.txt', 'b.txt'])
    expect([await opened.has('a.txt'), await opened.has('c'), await opened.has('../good/a.txt')]).toEqual([
      true,
      false,
      false,
    ])
    expect(text(await readWhole(opened, 'a.txt', 10))).toBe('a')
    expect(await codeOf(() => readWhole(opened, 'a.txt', 0))).toBe('E_FILE_LARGE')
    expect(await codeOf(() => opened.open('c'))).toBe('E_FILE_MISSING')
  })

  test('refuses every name that is not bare', async () => {
    const opened = await openFolder(make('bare'))
    for (const name of [
      '',
      '.',
      '..',
      '../bare',
      '/etc/passwd',
      'a/b',
      'a\\b',
      'C:x',
      'a\0b',
      'a\nb',
      'x'.repeat(256),
      '\ud800',
    ]) {
      expect(await codeOf(() => opened.open(name))).toBe('E_FILE_NAME')
    }
  })

  test('refuses links out of the folder, and follows those within', async () => {
    const path = make('links')
    writeFileSync(join(path, 'real'), 'real')
    symlinkSync(join(path, 'real'), join(path, 'inside'))
    symlinkSync(put('outside'), join(path, 'absolute'))
    symlinkSync('../outside', join(path, 'relative'))
    symlinkSync('absolute', join(path, 'chained'))
    symlinkSync('nowhere', join(path, 'dangling'))
    make('links-beside')
    put('links-beside/file')
    symlinkSync('../links-beside/file', join(path, 'prefix'))
    const opened = await openFolder(path)
    expect(text(await readWhole(opened, 'inside', 10))).toBe('real')
    for (const name of ['absolute', 'relative', 'chained', 'prefix'])
      expect(await codeOf(() => opened.open(name))).toBe('E_FILE_LINK')
    expect(await codeOf(() => opened.open('dangling'))).toBe('E_FILE_MISSING')
  })

  test('follows a link to the folder itself', async () => {
    writeFileSync(join(make('target'), 'x'), 'x')
    symlinkSync(join(folder, 'target'), join(folder, 'alias'))
    expect(text(await readWhole(await openFolder(join(folder, 'alias')), 'x', 1))).toBe('x')
  })

  test('follows the links of a Hugging Face cache to its blobs, and nowhere else', async () => {
    const repo = 'models--org--name'
    const snapshot = make(`${repo}/snapshots/abc`)
    make(`${repo}/blobs`)
    put(`${repo}/blobs/sha`, 'weights')
    put(`${repo}/refs`, 'ref')
    symlinkSync('../../blobs/sha', join(snapshot, 'model.safetensors'))
    symlinkSync('../../refs', join(snapshot, 'refs'))
    const opened = await openFolder(snapshot)
    expect(text(await readWhole(opened, 'model.safetensors', 10))).toBe('weights')
    expect(await codeOf(() => opened.open('refs'))).toBe('E_FILE_LINK')
  })

  test('names a folder that is missing or none', async () => {
    expect(await codeOf(() => openFolder(join(folder, 'missing')))).toBe('E_FILE_MISSING')
    expect(await codeOf(() => openFolder(put('a file')))).toBe('E_FILE_KIND')
  })
})
