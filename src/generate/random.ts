// The numbers behind sampling: one u in [0, 1) a token, the same for the same seed in every environment.
//   state   four 32-bit words, the low and high halves of two outputs of splitmix64 started at the seed
//   next    xoshiro128** (Blackman and Vigna, prng.di.unimi.it, public domain)
//   u       53 bits of two outputs a, b: ((a >>> 5) * 2^26 + (b >>> 6)) / 2^53
// torch's generator is not copied: its draws differ between builds, so a seed could not be shared anyway.

/** A seeded source of numbers in [0, 1). @param seed integer 0 .. 2^53 - 1 */
export function createRandom(seed: number): () => number {
  const split = splitmix64(BigInt(seed))
  const [first, second] = [split(), split()]
  const next = xoshiro128(Uint32Array.of(...halves(first), ...halves(second)))
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53
}

/** A seed for those who gave none: 32 bits, so that it is short to write down. */
export function drawSeed(): number {
  return Math.floor(Math.random() * 2 ** 32)
}

/** @param state (4), not all zero; changed by every call of the result */
export function xoshiro128(state: Uint32Array): () => number {
  return () => {
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0
    const t = state[1] << 9
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= t
    state[3] = rotate(state[3], 11)
    return result
  }
}

/** Spreads a small seed over all bits; its outputs start the generator proper. */
export function splitmix64(seed: bigint): () => bigint {
  let state = BigInt.asUintN(64, seed)
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n)
    let z = state
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n)
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn)
    return z ^ (z >> 31n)
  }
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits))
}

function halves(word: bigint): [number, number] {
  return [Number(word & 0xffffffffn), Number(word >> 32n)]
}
