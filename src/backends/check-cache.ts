// What every engine asks of a KV cache, whatever holds its keys and values: that it is this engine's, that one pass at a
// time uses it, and that it is only ever cut to a length it has.
import { SailError } from '../errors.ts'
import type { KvCache } from './backend.ts'

export type CacheState = 'idle' | 'running' | 'freed'

/** @throws SailError E_CACHE_FREED, E_CACHE_BUSY */
export function expectIdle(state: CacheState, what: string): void {
  if (state === 'idle') return
  throw state === 'freed'
    ? new SailError('E_CACHE_FREED', { file: what, expected: 'a cache in use', found: 'one that was freed' })
    : new SailError('E_CACHE_BUSY', {
        file: what,
        expected: 'one pass at a time on a cache',
        found: 'a second one',
        hint: 'wait for the first, or give each generation its own cache',
      })
}

/** @throws SailError E_CACHE_LENGTH */
export function expectLength(length: number, held: number): void {
  if (!Number.isInteger(length) || length < 0 || length > held)
    throw new SailError('E_CACHE_LENGTH', {
      file: 'truncate',
      expected: `a length from 0 to ${held}`,
      found: `${length}`,
    })
}

/** The cache of a pass as the engine's own kind. @throws SailError E_BACKEND_CLOSED, E_BACKEND_CACHE */
export function ownCache<C extends KvCache & { readonly owner: object }>(
  kind: abstract new (...args: never[]) => C,
  cache: KvCache,
  engine: object,
  closed: boolean,
): C {
  if (closed)
    throw new SailError('E_BACKEND_CLOSED', { file: 'run', expected: 'an open engine', found: 'one that was closed' })
  if (cache instanceof kind && cache.owner === engine) return cache
  throw new SailError('E_BACKEND_CACHE', {
    file: 'run',
    place: 'cache',
    expected: 'a cache that createCache of this engine made',
    found: "another engine's",
  })
}
