// The inverse DCT of one 8 x 8 block as libjpeg's "slow integer" method does it: columns first, then rows, constants with 13
// bits behind the point, 2 extra bits kept between the passes, each pass rounded half up, then +128 and clamped.
// Sums that leave 16 bits wrap and the first pass saturates, exactly as the vector code of libjpeg-turbo does it: no
// encoder writes such blocks, but damaged files hold them and still decode to the same bytes.
// Source: Loeffler, Ligtenberg, Moschytz 1989; libjpeg `jidctint.c`; libjpeg-turbo `jidctint-avx2.asm`.
const { imul } = Math

/** Sign-extends the low 16 bits. */
const wrap = (v: number) => (v << 16) >> 16
const saturate = (v: number) => (v > 32767 ? 32767 : v < -32768 ? -32768 : v)

const v = new Int32Array(64)

/**
 * @param coefficients 64 from `at` on, natural order, as stored   @param quant (64) natural order
 * @param dcOnly whether all but the first are known to be zero
 * @param out clamped to 0..255, rows `stride` apart, from `o` on
 */
export function inverseDct(
  coefficients: Int16Array,
  at: number,
  quant: Uint16Array,
  dcOnly: boolean,
  out: Uint8ClampedArray,
  o: number,
  stride: number,
): void {
  if (dcOnly) {
    const grey = ((wrap(imul(coefficients[at], quant[0]) << 2) + 16) >> 5) + 128
    for (let end = o + 8 * stride; o < end; o += stride) out.fill(grey, o, o + 8)
    return
  }
  for (let i = 0; i < 8; i++) v[i] = wrap(imul(coefficients[at + i], quant[i]))
  let below = 0
  for (let i = 8; i < 64; i++) {
    v[i] = wrap(imul(coefficients[at + i], quant[i]))
    below |= v[i]
  }
  if (below === 0) for (let i = 0; i < 64; i++) v[i] = i < 8 ? wrap(v[i] << 2) : v[i & 7]
  else for (let column = 0; column < 8; column++) transform(column, 8, 11)
  for (let row = 0; row < 64; row += 8, o += stride) {
    transform(row, 1, 18)
    for (let x = 0; x < 8; x++) out[o + x] = v[row + x] + 128
  }
}

/** The 1-D inverse DCT of eight values of `v`, `step` apart, in place. */
function transform(at: number, step: number, shift: number): void {
  const i1 = at + step
  const i2 = i1 + step
  const i3 = i2 + step
  const i4 = i3 + step
  const i5 = i4 + step
  const i6 = i5 + step
  const i7 = i6 + step
  const round = 1 << (shift - 1)
  const [v0, v1, v2, v3] = [v[at], v[i1], v[i2], v[i3]]
  const [v4, v5, v6, v7] = [v[i4], v[i5], v[i6], v[i7]]
  if ((v1 | v2 | v3 | v4 | v5 | v6 | v7) === 0) {
    const flat = saturate(((v0 << 13) + round) >> shift)
    v[at] = v[i1] = v[i2] = v[i3] = v[i4] = v[i5] = v[i6] = v[i7] = flat
    return
  }
  // Even part: 0, 4 and 2, 6.
  const e = imul(wrap(v0 + v4), 8192) + round
  const f = imul(wrap(v0 - v4), 8192) + round
  const r = imul(v2 + v6, 4433)
  const g = r - imul(v6, 15137)
  const h = r + imul(v2, 6270)
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
  v[at] = saturate((e + h + o1) >> shift)
  v[i7] = saturate((e + h - o1) >> shift)
  v[i1] = saturate((f + g + o3) >> shift)
  v[i6] = saturate((f + g - o3) >> shift)
  v[i2] = saturate((f - g + o5) >> shift)
  v[i5] = saturate((f - g - o5) >> shift)
  v[i3] = saturate((e - h + o7) >> shift)
  v[i4] = saturate((e - h - o7) >> shift)
}
