// A folder behind a base URL: `<base>/<name>` for each file, query and fragment of the base kept (signed URLs).
import { SailError } from '../errors.ts'
import { checkBareName, type Folder, isBareName } from './folder.ts'
import { type HttpOptions, openUrl } from './http-source.ts'

/** @throws SailError E_HTTP_URL when `base` is no http or https URL */
export function urlFolder(base: string | URL, options: HttpOptions = {}): Folder {
  const root = parse(base)
  const at = (file: string): string => {
    const url = new URL(root)
    url.pathname = `${root.pathname.replace(/\/$/, '')}/${encodeURIComponent(file)}`
    return url.href
  }
  const within = (signal?: AbortSignal): HttpOptions => (signal === undefined ? options : { ...options, signal })
  return {
    name: root.origin + root.pathname,
    async has(file, signal) {
      if (!isBareName(file)) return false
      try {
        await (await openUrl(at(file), within(signal))).close()
        return true
      } catch (error) {
        if (error instanceof SailError && error.code === 'E_FILE_MISSING') return false
        throw error
      }
    },
    async open(file, signal) {
      checkBareName(root.origin + root.pathname, file)
      return openUrl(at(file), within(signal))
    },
    async names() {
      return null
    },
  }
}

function parse(base: string | URL): URL {
  const expected = 'an http or https URL'
  try {
    const url = new URL(base)
    if (url.protocol === 'http:' || url.protocol === 'https:') return url
  } catch (cause) {
    throw new SailError('E_HTTP_URL', { place: 'base URL', expected, found: String(base), cause })
  }
  throw new SailError('E_HTTP_URL', { place: 'base URL', expected, found: String(base) })
}
