// What a file written here says about itself, in the words of the golden format.
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path'

export const goldenFormat = 'sail-golden/1'

/** Name of a checkpoint: its folder's. */
export function modelName(model: string): string {
  return basename(resolve(model))
}

/**
 * How a dump names its image: relative to the dump's folder or to the folder above it, where `verify` will look, else
 * by its bare name.
 */
export function imageName(image: string, out: string): string {
  if (image === '-') return 'stdin'
  if (/^\w+:\/\//.test(image)) return basename(new URL(image).pathname)
  const folder = out === '-' ? process.cwd() : dirname(resolve(out))
  for (const from of [folder, dirname(folder)]) {
    const path = relative(from, resolve(image))
    if (path !== '' && !isAbsolute(path) && !path.split(/[\\/]/).includes('..')) return path.split('\\').join('/')
  }
  return basename(image)
}
