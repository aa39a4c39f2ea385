// Key/value pages for tests: what kv_page.ts describes, written by TypeScript.
import type { Arena } from './arena.ts'
import { narrow, widen } from './twins/f16.ts'

const PAGE = 128

interface Pages {
  /** Pointer to the page table. */
  readonly table: number
  readonly pages: readonly { readonly at: number; readonly bytes: number }[]
}

/** Empty pages for K tokens, in falling addresses, holding NaN. */
export function emptyPages(arena: Arena, K: number, G: number, E: number, half = false): Pages {
  const bytes = G * PAGE * E * (half ? 4 : 8)
  const pages = Array.from({ length: Math.ceil(K / PAGE) }, () => arena.room(bytes)).reverse()
  for (const { at } of pages) new Uint8Array(arena.memory.buffer, at, bytes).fill(0xff)
  return { table: arena.put(Int32Array.from(pages, ({ at }) => at)).at, pages }
}

/** Index, in values, of row t of group g in part 0 (K) or 1 (V) of its page. */
const rowInPage = (part: number, t: number, g: number, G: number, E: number): number =>
  ((part * G + g) * PAGE + (t % PAGE)) * E

/** Pages filled with keys and values (K, G * E). */
export function fillPages(
  arena: Arena,
  keys: Float32Array,
  values: Float32Array,
  G: number,
  E: number,
  half = false,
): Pages {
  const K = keys.length / (G * E)
  const made = emptyPages(arena, K, G, E, half)
  for (const [part, rows] of [keys, values].entries())
    for (let t = 0; t < K; t++)
      for (let g = 0; g < G; g++) {
        const row = rows.subarray((t * G + g) * E, (t * G + g + 1) * E)
        const at = rowInPage(part, t, g, G, E)
        const page = made.pages[Math.floor(t / PAGE)].at
        if (half) new Uint16Array(arena.memory.buffer, page + 2 * at, E).set(Uint16Array.from(row, narrow))
        else new Float32Array(arena.memory.buffer, page + 4 * at, E).set(row)
      }
  return made
}

/** Numbers as an f16 page gives them back. */
export const throughF16 = (x: Float32Array): Float32Array => x.map((value) => widen(narrow(value)))
