// Where the golden files are: ../shared/golden beside a checkout when it exists, and the project's own under golden/.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Root of the repository, with a trailing slash. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Folder of the shared goldens with a trailing slash, or null in a clone that has none. */
export const shared: string | null = (() => {
  const folder = fileURLToPath(new URL('../../../shared/golden/', import.meta.url))
  return existsSync(`${folder}manifest.json`) ? folder : null
})()
