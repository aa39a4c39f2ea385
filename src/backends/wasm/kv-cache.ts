// Keys and values of the tokens seen so far: for each layer a list of pages of 128 tokens in the memory of its shard
// (assembly/kv_page.ts). Growing takes pages from the shard's arena and writes their offsets into the layer's page table;
// nothing that is there moves. As in every backend `length` moves only when a pass is kept.
import type { KvCache } from '../backend.ts'
import { type CacheState, expectIdle, expectLength } from '../check-cache.ts'

/** Where pages come from. */
export interface PageSource {
  readonly layers: number
  readonly pageTokens: number
  /** @throws SailError E_MEMORY */
  takePage(layer: number): number
  givePage(layer: number, at: number): void
  /** A block for the page table of a layer. */
  takeTable(layer: number, pages: number): number
  giveTable(layer: number, at: number): void
  writeTable(layer: number, at: number, pages: readonly number[]): void
}

interface LayerPages {
  readonly pages: number[]
  table: number
  /** Pages that the table has room for. */
  room: number
}

export class WasmCache implements KvCache {
  readonly owner: object
  readonly #source: PageSource
  readonly #layers: LayerPages[]
  #length = 0
  #state: CacheState = 'idle'

  constructor(owner: object, source: PageSource) {
    this.owner = owner
    this.#source = source
    this.#layers = Array.from({ length: source.layers }, () => ({ pages: [], table: 0, room: 0 }))
  }

  get length(): number {
    return this.#length
  }

  /** Byte offset of each layer's page table. */
  get tables(): number[] {
    return this.#layers.map(({ table }) => table)
  }

  truncate(length: number): void {
    expectIdle(this.#state, 'truncate')
    expectLength(length, this.#length)
    this.#length = length
  }

  free(): void {
    if (this.#state === 'freed') return
    expectIdle(this.#state, 'free')
    for (const [layer, { pages, table, room }] of this.#layers.entries()) {
      for (const at of pages) this.#source.givePage(layer, at)
      if (room > 0) this.#source.giveTable(layer, table)
    }
    this.#length = 0
    this.#state = 'freed'
  }

  /** Takes the cache for one pass. Hand it back with `end`. */
  begin(): void {
    expectIdle(this.#state, 'run')
    this.#state = 'running'
  }

  /** Makes room for `length` tokens. @throws SailError E_MEMORY */
  reserve(length: number): void {
    const count = Math.ceil(length / this.#source.pageTokens)
    for (const [layer, pages] of this.#layers.entries()) this.#grow(layer, pages, count)
  }

  /** Ends a pass; the cache is `length` tokens long from here on. */
  end(length: number): void {
    this.#length = length
    this.#state = 'idle'
  }

  /** All of it or nothing: a page that the table does not name would be read as another's. */
  #grow(layer: number, own: LayerPages, count: number): void {
    if (own.pages.length >= count) return
    const source = this.#source
    const taken: number[] = []
    try {
      while (own.pages.length + taken.length < count) taken.push(source.takePage(layer))
      if (own.room < count) this.#moveTable(layer, own, Math.max(count, own.room * 2, 16))
    } catch (error) {
      for (const at of taken) source.givePage(layer, at)
      throw error
    }
    own.pages.push(...taken)
    source.writeTable(layer, own.table, own.pages)
  }

  #moveTable(layer: number, own: LayerPages, room: number): void {
    const table = this.#source.takeTable(layer, room)
    if (own.room > 0) this.#source.giveTable(layer, own.table)
    own.table = table
    own.room = room
  }
}
