// The memory of all shards as the main thread manages it: an arena each, and the team that makes a memory larger when
// its arena reaches further. Also where the pages of caches come from.
import { SailError } from '../../../errors.ts'
import type { PageSource } from '../kv-cache.ts'
import type { Team } from '../team/team.ts'
import { Arena } from './arena.ts'
import { MAX_PAGES, PAGE_BYTES } from './shard-memory.ts'

export class Pool {
  readonly #team: Team
  readonly #arenas: readonly Arena[]
  readonly #sizes: number[]

  /** `sizes`: bytes that each memory has; `start`: where the kernels' own constants end. */
  constructor(team: Team, sizes: readonly number[], start: number) {
    this.#team = team
    this.#sizes = [...sizes]
    this.#arenas = sizes.map(() => new Arena(start, MAX_PAGES * PAGE_BYTES))
  }

  get shards(): number {
    return this.#arenas.length
  }

  /** Bytes of all memories together. */
  get bytes(): number {
    return this.#arenas.reduce((sum, { size }) => sum + size, 0)
  }

  /** @throws SailError E_MEMORY when the shard is full or the engine refuses to grow it */
  take(shard: number, bytes: number, what: string): number {
    const arena = this.#arenas[shard]
    const at = arena.take(bytes)
    if (at === null) throw full(shard, bytes, what)
    try {
      if (arena.size > this.#sizes[shard]) this.#team.grow(shard, arena.size)
    } catch (error) {
      arena.give(at)
      throw error
    }
    this.#sizes[shard] = Math.max(this.#sizes[shard], arena.size)
    return at
  }

  give(shard: number, at: number): void {
    this.#arenas[shard].give(at)
  }

  write(shard: number, at: number, data: ArrayBufferView): void {
    this.#team.write(shard, at, data)
  }
}

/** Pages of `bytes` for layers that live where `shardOfLayer` says. */
export function pageSource(
  pool: Pool,
  shardOfLayer: readonly number[],
  { bytes, tokens }: { readonly bytes: number; readonly tokens: number },
): PageSource {
  return {
    layers: shardOfLayer.length,
    pageTokens: tokens,
    takePage: (layer) => pool.take(shardOfLayer[layer], bytes, 'keys and values'),
    givePage: (layer, at) => pool.give(shardOfLayer[layer], at),
    takeTable: (layer, pages) => pool.take(shardOfLayer[layer], pages * 4, 'a page table'),
    giveTable: (layer, at) => pool.give(shardOfLayer[layer], at),
    writeTable: (layer, at, pages) => pool.write(shardOfLayer[layer], at, Uint32Array.from(pages)),
  }
}

function full(shard: number, bytes: number, what: string): SailError {
  return new SailError('E_MEMORY', {
    file: `wasm memory ${shard}`,
    place: what,
    expected: `${Math.ceil(bytes / 1e6)} MB below the 4 GiB of one memory`,
    found: 'less than that',
    hint: 'ask for fewer stages, a smaller image or a shorter text, or choose a smaller weight format',
  })
}
