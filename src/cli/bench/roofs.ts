// What this machine gives in WebAssembly, on all threads at once: multiply-add, the integer dots, reading memory. Measured in
// the process whose model is judged by it, since engines differ. The loops: bench/kernels/assembly/roofs.ts.
import { readFile } from 'node:fs/promises'
import { type Call, KernelTeam } from './kernel-team.ts'
import { rateOf, type Spread, spread } from './spread.ts'

/** In 10^9 a second: operations, or bytes of `read`. */
export type Roofs = Readonly<Partial<Record<RoofName, Spread>>>
export type RoofName = keyof typeof perStep | 'read'

/** Operations in one step of a loop. */
const perStep = { madd: 96, dot_i16x8: 128, dot_i32: 256, dot_i16: 256 } as const
const STEPS = 1_000_000
const RUNS = 15
/** Far larger than any cache; no power of two, whose streams would fall into the same sets of a cache and banks of memory. */
const READ_BYTES = 2_200_000_000
const FROM = 2 ** 20

/** The strict build lacks the 8-bit dots; it has no such roofs. */
export async function measureRoofs(build: 'strict' | 'relaxed', threads: number): Promise<Roofs> {
  const team = new KernelTeam([await roofModule(build)], threads, FROM + READ_BYTES)
  try {
    await team.time(readCalls('fill', READ_BYTES, threads), { runs: 1, warm: 0 })
    const names = (Object.keys(perStep) as (keyof typeof perStep)[]).filter(
      (name) => build === 'relaxed' || name === 'madd' || name === 'dot_i16x8',
    )
    const roofs: Partial<Record<RoofName, Spread>> = {}
    for (const name of names) roofs[name] = await computeRoof(team, name)
    roofs.read = await readRoof(team, FROM, READ_BYTES, RUNS)
    return roofs
  } finally {
    await team.close()
  }
}

/** The module with the loops. */
export async function roofModule(build: 'strict' | 'relaxed'): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(new URL(`./roofs-${build}.wasm`, import.meta.url)))
}

export async function computeRoof(team: KernelTeam, name: keyof typeof perStep): Promise<Spread> {
  const calls = (steps: number): Call[][] =>
    Array.from({ length: team.threads }, (_, t) => [[`${name}_roof`, [65536 + t * 4096, steps]]])
  await team.time(calls(1000), { runs: 1, calls: 2000 })
  const seconds = await team.time(calls(STEPS), { runs: RUNS })
  return rateOf((STEPS * perStep[name] * team.threads) / 1e9, spread(seconds))
}

/** Reads [from, from + bytes), each thread its share. */
export async function readRoof(team: KernelTeam, from: number, bytes: number, runs: number): Promise<Spread> {
  await team.time(readCalls('read', 65536 * team.threads, team.threads, from), { runs: 1, calls: 2000 })
  const seconds = await team.time(readCalls('read', bytes, team.threads, from), { runs })
  return rateOf(bytes / 1e9, spread(seconds))
}

function readCalls(what: 'read' | 'fill', bytes: number, threads: number, from = FROM): Call[][] {
  const share = Math.floor(bytes / threads / 256) * 256
  return Array.from({ length: threads }, (_, t) => [[`${what}_roof`, [from + t * share, share, 65536 + t * 4096]]])
}
