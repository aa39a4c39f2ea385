// What this machine gives in WebAssembly, on all threads at once: multiply-add, the integer dots, reading memory. Measured in
// the process whose model is judged by it, since engines differ. The loops: bench/kernels/assembly/roofs.ts.
import { readFile } from 'node:fs/promises'
import { type Call, KernelTeam } from './kernel-team.ts'
import { rateOf, type Spread, spread } from './spread.ts'

/** In 10^9 a second: operations, or bytes of `read`. */
export type Roofs = Readonly<Partial<Record<RoofName, Spread>>>
export type RoofName = Dot | 'read'
type Dot = keyof typeof perStep

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
    const names = (Object.keys(perStep) as Dot[]).filter(
      (name) => build === 'relaxed' || name === 'madd' || name === 'dot_i16x8',
    )
    const roofs: Partial<Record<RoofName, Spread>> = {}
    for (const name of names) roofs[name] = await computeRoof(team, name)
    roofs.read = await readRoof(team, READ_BYTES)
    return roofs
  } finally {
    await team.close()
  }
}

/** The module with the loops. */
export async function roofModule(build: 'strict' | 'relaxed'): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(new URL(`./roofs-${build}.wasm`, import.meta.url)))
}

async function computeRoof(team: KernelTeam, name: Dot): Promise<Spread> {
  await team.time(roofCalls(name, team.threads, 1000), { runs: 1, calls: 2000 })
  const seconds = await team.time(roofCalls(name, team.threads), { runs: RUNS })
  return rateOf(roofOperations(name, team.threads) / 1e9, spread(seconds))
}

/** For each thread the loop of an instruction. */
export function roofCalls(name: Dot, threads: number, steps = STEPS): Call[][] {
  return Array.from({ length: threads }, (_, t) => [[`${name}_roof`, [65536 + t * 4096, steps]]])
}

/** What `roofCalls` compute together. */
export function roofOperations(name: Dot, threads: number): number {
  return STEPS * perStep[name] * threads
}

/** Reads all bytes, each thread its share. */
async function readRoof(team: KernelTeam, bytes: number): Promise<Spread> {
  await team.time(readCalls('read', 65536 * team.threads, team.threads), { runs: 1, calls: 2000 })
  const seconds = await team.time(readCalls('read', bytes, team.threads), { runs: RUNS })
  return rateOf(bytes / 1e9, spread(seconds))
}

function readCalls(what: 'read' | 'fill', bytes: number, threads: number): Call[][] {
  const share = Math.floor(bytes / threads / 256) * 256
  return Array.from({ length: threads }, (_, t) => [[`${what}_roof`, [FROM + t * share, share, 65536 + t * 4096]]])
}
