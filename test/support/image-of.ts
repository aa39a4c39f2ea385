// The image that a dump names, in its folder or the one above.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { GoldenFile } from '../../src/verify/golden-file.ts'

export function imageOf({ metadata }: Pick<GoldenFile, 'metadata'>, path: string): string | null {
  const name = metadata.get('image')
  if (name === undefined) return null
  return [dirname(path), dirname(dirname(path))].map((folder) => join(folder, name)).find(existsSync) ?? null
}
