// Key/value pages for tests: what kv_page.ts and kv_f16.ts describe, written by TypeScript, one value at a time.
import type { Arena } from './arena.ts'
import { narrow, widen } from './twins/f16.ts'

const PAGE = 128

interface Pages {
  /** Pointer to the page table. */
  readonly table: number
  readonly pages: readonly { readonly at: number; readonly bytes: number }[]
}

const round8 = (n: number): number => Math.ceil(n / 8) * 8

/** Empty pages for K tokens, in falling addresses, holding NaN. */
export function emptyPages(arena: Arena, K: number, G: number, E: number, half = false): Pages {
  const values = G * PAGE * (E + round8(E))
  const bytes = half ? values * 2 + 2 * PAGE : values * 4
  const pages = Array.from({ length: Math.ceil(K / PAGE) }, () => arena.room(bytes)).reverse()
  for (const { at } of pages) new Uint8Array(arena.memory.buffer, at, bytes).fill(0xff)
  return { table: arena.put(Int32Array.from(pages, ({ at }) => at)).at, pages }
}

/** Index, in values, of column e of token t and group g in part 0 (K) or 1 (V) of its page. */
export function placeOf(part: number, t: number, g: number, e: number, G: number, E: number, half: boolean): number {
  const row = t % PAGE
  const lane = (part === 0 ? row : e) % 8
  const at = half ? 2 * (lane % 4) + Math.floor(lane / 4) : lane
  if (part === 0) return (g * PAGE + row - (row % 8)) * E + 8 * e + at
  return G * PAGE * E + g * PAGE * round8(E) + (e - (e % 8)) * PAGE + 8 * row + at
}

/** Pages filled with keys and values (K, G * E), from token `first` on. */
export function fillPages(
  arena: Arena,
  keys: Float32Array,
  values: Float32Array,
  G: number,
  E: number,
  half = false,
  first = 0,
): Pages {
  const K = keys.length / (G * E)
  const made = emptyPages(arena, K, G, E, half)
  for (const [part, rows] of [keys, values].entries())
    for (let t = first; t < K; t++) {
      const row = rows.subarray(t * G * E, (t + 1) * G * E)
      const { at, bytes } = made.pages[Math.floor(t / PAGE)]
      const page = half
        ? new Uint16Array(arena.memory.buffer, at, bytes / 2)
        : new Float32Array(arena.memory.buffer, at, bytes / 4)
      for (let g = 0; g < G; g++) {
        if (half && part === 1) for (let e = E; e < round8(E); e++) page[placeOf(1, t, g, e, G, E, true)] = 0
        for (let e = 0; e < E; e++) {
          const value = row[g * E + e]
          page[placeOf(part, t, g, e, G, E, half)] = half ? narrow(value) : value
        }
      }
      const special = row.some((value) => !Number.isFinite(widen(narrow(value))))
      if (half) new Uint8Array(arena.memory.buffer)[at + bytes + (part - 2) * PAGE + (t % PAGE)] = Number(special)
    }
  return made
}

/** Numbers as an f16 page gives them back. */
export const throughF16 = (x: Float32Array): Float32Array => x.map((value) => widen(narrow(value)))
