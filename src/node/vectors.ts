// WebAssembly has vectors of 128 bits. V8 can compile pairs of such operations as one of 256 (--experimental-wasm-revectorize):
// each lane computes what it computed before, so results keep their bits, and matrix kernels need half the instructions.
// V8 calls it an experiment, so it is asked for only where this project's tests pass with it; CPUs without AVX2 ignore it.
import { setFlagsFromString } from 'node:v8'

const FLAG = '--experimental-wasm-revectorize'
/** V8 of Node 24. To try another: SAIL_TEST_V8="--experimental-wasm-revectorize --no-liftoff" npm test */
const TESTED = /^13\.6\./

let joined = process.execArgv.includes(FLAG)

/** For a program that owns its process, before it loads a model: the flag holds for all of the process. */
export function joinVectors(v8 = process.versions.v8): void {
  if (joined || process.arch !== 'x64' || !TESTED.test(v8)) return
  setFlagsFromString(FLAG)
  joined = true
}

/** 256 where V8 was asked to join vectors, by `joinVectors` or by the process's own flags. */
export const vectorBits = (): 128 | 256 => (joined ? 256 : 128)
