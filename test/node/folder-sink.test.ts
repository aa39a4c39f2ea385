// A folder appears whole, under its own name, or not at all; what stands there is replaced only when it is known.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isPackedFolder } from '../../src/facade/quantize.ts'
import { createFolder } from '../../src/node/folder-sink.ts'
import { codeOf } from '../weights/files.ts'

let parent: string
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sail-folder-'))
})
afterEach(() => rmSync(parent, { recursive: true }))

const out = () => join(parent, 'out')
const text = (name: string) => readFileSync(join(out(), name), 'utf8')

async function written(content: string, end: 'close' | 'abort' = 'close'): Promise<void> {
  const folder = await createFolder(out(), isPackedFolder)
  for (const name of ['packed.safetensors', 'config.json']) {
    const sink = await folder.file(name)
    await sink.write(new TextEncoder().encode(content), 0)
    await sink.close()
  }
  expect(readdirSync(parent).filter((name) => name.endsWith('.tmp')).length).toBe(1)
  await folder[end]()
}

test('it is there when it is closed, alone', async () => {
  await written('one')
  expect([readdirSync(parent), readdirSync(out()).sort(), text('config.json')]).toEqual([
    ['out'],
    ['config.json', 'packed.safetensors'],
    'one',
  ])
})

test('nothing is there after an abort, and what was there before stays', async () => {
  await written('one', 'abort')
  expect(readdirSync(parent)).toEqual([])
  await written('two')
  await written('three', 'abort')
  expect([readdirSync(parent), text('config.json')]).toEqual([['out'], 'two'])
})

test('an older packed folder and an empty one are replaced', async () => {
  mkdirSync(out())
  await written('one')
  await written('two')
  expect([readdirSync(parent), text('packed.safetensors')]).toEqual([['out'], 'two'])
})

test('a file, a checkpoint and a folder with anything else in it are left alone', async () => {
  const taken = () => codeOf(() => createFolder(out(), isPackedFolder))
  writeFileSync(out(), '')
  expect(await taken()).toBe('E_FOLDER_TAKEN')
  rmSync(out())
  mkdirSync(out())
  for (const names of [['model.safetensors', 'config.json'], ['packed.safetensors', 'notes.txt'], ['config.json']]) {
    for (const name of readdirSync(out())) rmSync(join(out(), name))
    for (const name of names) writeFileSync(join(out(), name), '')
    expect(await taken()).toBe('E_FOLDER_TAKEN')
  }
  expect(readdirSync(parent)).toEqual(['out'])
})

test('a parent that is not there is an error with a hint', async () => {
  await expect(createFolder(join(parent, 'a', 'b'), isPackedFolder)).rejects.toMatchObject({
    code: 'E_FILE_WRITE',
    hint: expect.stringContaining('make it first'),
  })
})
