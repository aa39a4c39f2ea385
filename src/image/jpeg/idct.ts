// The inverse DCT of one 8 x 8 block as libjpeg's "slow integer" method does it: columns first, then rows, constants with 13
// bits behind the point, 2 extra bits kept between the passes, each pass rounded half up, then +128 and clamped.
// Sums that leave 16 bits wrap and the first pass saturates, exactly as the vector code of libjpeg-turbo does it: no
// encoder writes such blocks, but damaged files hold them and still decode to the same bytes.
// Source: Loeffler, Ligtenberg, Moschytz 1989; libjpeg `jidctint.c`; libjpeg-turbo `jidctint-avx2.asm`.
const { imul } = Math

/** Sign-extends the low 16 bits. */
const wrap = (n: number) => (n << 16) >> 16

/** Up to this sum of magnitudes nothing can leave 16 bits: a pass grows a value by at most 4 * 1.387 per input. */
const TAME = 5900

const work = new Int32Array(64)

/** Coefficient times its step, in 16 bits. */
export function dequantise(coefficient: number, step: number): number {
  return wrap(imul(coefficient, step))
}

/**
 * @param block (64) dequantised coefficients in natural order, each of 16 bits; overwritten
 * @param ac sum of the magnitudes of all but the first
 * @param out clamped to 0..255, rows `stride` apart, from `o` on
 */
export function inverseDct(block: Int32Array, ac: number, out: Uint8ClampedArray, o: number, stride: number): void {
  const wild = ac + Math.abs(block[0]) > TAME
  if (ac === 0) {
    const grey = ((wrap(block[0] << 2) + 16) >> 5) + 128
    for (let end = o + 8 * stride; o < end; o += stride) for (let x = 0; x < 8; x++) out[o + x] = grey
    return
  }
  const firstRowOnly = wild && block.findLastIndex((value) => value !== 0) < 8
  pass(block, work, 11)
  if (firstRowOnly) for (let i = 0; i < 64; i++) work[i] = wrap(work[i])
  else if (wild) for (let i = 0; i < 64; i++) work[i] = Math.max(-32768, Math.min(32767, work[i]))
  pass(work, block, 18)
  for (let i = 0; i < 64; i += 8, o += stride) {
    out[o] = block[i] + 128
    out[o + 1] = block[i + 1] + 128
    out[o + 2] = block[i + 2] + 128
    out[o + 3] = block[i + 3] + 128
    out[o + 4] = block[i + 4] + 128
    out[o + 5] = block[i + 5] + 128
    out[o + 6] = block[i + 6] + 128
    out[o + 7] = block[i + 7] + 128
  }
}

/** The 1-D inverse DCT of each column of `from`, which becomes a row of `to`: two passes turn the block back. */
function pass(from: Int32Array, to: Int32Array, shift: number): void {
  const round = 1 << (shift - 1)
  for (let x = 0, o = 0; x < 8; x++, o += 8) {
    const v0 = from[x]
    const v1 = from[x + 8]
    const v2 = from[x + 16]
    const v3 = from[x + 24]
    const v4 = from[x + 32]
    const v5 = from[x + 40]
    const v6 = from[x + 48]
    const v7 = from[x + 56]
    if ((v1 | v2 | v3 | v4 | v5 | v6 | v7) === 0) {
      const flat = ((v0 << 13) + round) >> shift
      for (let i = o; i < o + 8; i++) to[i] = flat
      continue
    }
    // Even part: 0, 4 and 2, 6.
    const e = (wrap(v0 + v4) << 13) + round
    const f = (wrap(v0 - v4) << 13) + round
    const r = imul(v2 + v6, 4433)
    const g = r - imul(v6, 15137)
    const h = r + imul(v2, 6270)
    const eh = (e + h) | 0
    const fg = (f + g) | 0
    const hf = (f - g) | 0
    const he = (e - h) | 0
    // Odd part: 7, 5, 3, 1.
    const z3 = wrap(v7 + v3)
    const z4 = wrap(v5 + v1)
    const z5 = imul(z3 + z4, 9633)
    const z1 = imul(v7 + v1, -7373)
    const z2 = imul(v5 + v3, -20995)
    const a = z5 - imul(z3, 16069)
    const b = z5 - imul(z4, 3196)
    const o7 = (imul(v7, 2446) + z1 + a) | 0
    const o5 = (imul(v5, 16819) + z2 + b) | 0
    const o3 = (imul(v3, 25172) + z2 + a) | 0
    const o1 = (imul(v1, 12299) + z1 + b) | 0
    to[o] = (eh + o1) >> shift
    to[o + 7] = (eh - o1) >> shift
    to[o + 1] = (fg + o3) >> shift
    to[o + 6] = (fg - o3) >> shift
    to[o + 2] = (hf + o5) >> shift
    to[o + 5] = (hf - o5) >> shift
    to[o + 3] = (he + o7) >> shift
    to[o + 4] = (he - o7) >> shift
  }
}
