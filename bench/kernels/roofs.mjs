// What this machine gives in WebAssembly, on all threads of a team at once: multiply-add, the integer dots, reading memory.
import { rate } from './team.mjs'

const STEPS = 1_000_000
const perStep = { madd_roof: 96, dot_i16x8_roof: 128, dot_i32_roof: 256, dot_i16_roof: 256 }

/** Operations a second of one compute roof, in 10^9; null where the build lacks the instruction. */
export async function computeRoof(team, build, name, runs) {
  if (build === 'strict' && /dot_i(32|16)_roof/.test(name)) return null
  const jobs = (steps) => Array.from({ length: team.threads }, (_, t) => [name, [65536 + t * 4096, steps]])
  await team.time(jobs(1000), { runs: 1, calls: 2000 })
  return rate(await team.time(jobs(STEPS), { runs }), STEPS * perStep[name] * team.threads)
}

/** Bytes a second, in 10^9, of reading [from, from + bytes), each thread its share. */
export async function readRoof(team, from, bytes, runs) {
  const share = Math.floor(bytes / team.threads / 256) * 256
  const jobs = (size) =>
    Array.from({ length: team.threads }, (_, t) => ['read_roof', [from + t * share, size, 65536 + t * 4096]])
  await team.time(jobs(65536), { runs: 1, calls: 2000 })
  return rate(await team.time(jobs(share), { runs }), share * team.threads)
}

export const computeRoofs = Object.keys(perStep)
