// Files that belong to a dump: its image, and the same run in the other precision.
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { SailError } from '../errors.ts'
import { openFile } from '../node/file-source.ts'
import { type GoldenFile, openGolden } from '../verify/golden-file.ts'
import type { Notes } from './notes.ts'

/**
 * The path of a dump's image, or null, said on stderr. Metadata name it by a relative path without `..`, which is looked
 * for in the dump's folder, its parent, the model's folder, its parent and its grandparent.
 */
export async function findImage(file: GoldenFile, model: string, show: Pick<Notes, 'say'>): Promise<string | null> {
  const name = file.metadata.get('image')
  if (name === undefined) return null
  const parts = name.split(/[\\/]/)
  if (name === '' || isAbsolute(name) || /^[a-z]:/i.test(name) || name.startsWith('\\') || parts.includes('..')) {
    show.say(`${file.name}: its image ${JSON.stringify(name)} is no path below the dump, and is not looked for`)
    return null
  }
  const [beside, checkpoint] = [dirname(resolve(file.name)), resolve(model)]
  const folders = [beside, dirname(beside), checkpoint, dirname(checkpoint), dirname(dirname(checkpoint))]
  const found = folders.map((folder) => join(folder, ...parts)).find(isFile)
  if (found === undefined) {
    show.say(`${file.name}: its image ${JSON.stringify(name)} was not found; give it with --image`)
    return null
  }
  return found
}

/** X.f64 beside X.f32 or X.bf16, X.f32 beside X.f64, when it is there and of the same run. */
export async function findSibling(file: GoldenFile, show: Pick<Notes, 'say'>): Promise<GoldenFile | null> {
  const match = /^(.*)\.(f32|f64|bf16)\.safetensors$/.exec(basename(file.name))
  if (match === null) return null
  const path = join(dirname(file.name), `${match[1]}.${match[2] === 'f64' ? 'f32' : 'f64'}.safetensors`)
  if (!isFile(path)) return null
  try {
    const sibling = await openGolden(await openFile(path))
    const differs = ['model', 'image', 'prompt', 'raw'].find(
      (key) => sibling.metadata.get(key) !== file.metadata.get(key),
    )
    if (differs === undefined) return sibling
    show.say(`${path}: not used, its ${differs} is another one`)
    await sibling.close()
  } catch (error) {
    if (!(error instanceof SailError)) throw error
    show.say(`${path}: not used: ${error.message}`)
  }
  return null
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}
