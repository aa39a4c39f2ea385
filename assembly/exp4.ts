// e^x of four f32 lanes, within 1 unit in the last place of the true value; exactly 1 at 0; NaN stays NaN.
//   n = round(x / ln 2),  r = x - n * ln 2 in [-ln 2 / 2, ln 2 / 2],  e^x = 2^n * (1 + r + r^2 * P(r)), P of degree 4.
// ln 2 is split in two parts, so that n * LN2_HIGH is exact; P is a minimax fit of the relative error, 4e-9. Adding
// 1.5 * 2^23 rounds to an integer and leaves it in the low bits. 2^n is applied as two factors: results fade through the
// subnormals to 0 at -104 and grow to Infinity at 89, where x is clamped. Multiply and add are never fused, so both builds
// give the same bits. Constants are read from memory, because V8 rebuilds a v128.const at every use.
// The four parts are called in a row, x = exp_clamp4(x), n = exp_power4(x), exp_scale4(exp_fraction4(x, n), n): the
// compiler inlines only small functions, and a call would cost as much as the whole. Twin: test/kernels/twins/exp.ts
const EXP: usize = memory.data<f32>(
  [
    -104, 89, 1.4426950216, 12582912, 0.693359375, -2.12194442e-4, 1, 0.49999994, 0.16666521, 0.04166839, 0.008368745,
    0.001381454,
  ],
  16,
)

/** x within the range of f32. pmin and pmax keep their first operand when the comparison fails: NaN stays. */
export function exp_clamp4(x: v128): v128 {
  return f32x4.pmax(f32x4.pmin(x, v128.load32_splat(EXP, 4)), v128.load32_splat(EXP))
}

/** n = round(x / ln 2), plus 1.5 * 2^23: the integer stands in the low bits. */
export function exp_power4(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, v128.load32_splat(EXP, 8)), v128.load32_splat(EXP, 12))
}

/** Four times 1, from memory. */
export function one4(): v128 {
  return v128.load32_splat(EXP, 24)
}

/** 1 + r + r^2 * P(r) with r = x - n * ln 2. */
export function exp_fraction4(x: v128, power: v128): v128 {
  const n = f32x4.sub(power, v128.load32_splat(EXP, 12))
  const rest = f32x4.sub(x, f32x4.mul(n, v128.load32_splat(EXP, 16)))
  const r = f32x4.sub(rest, f32x4.mul(n, v128.load32_splat(EXP, 20)))
  const square = f32x4.mul(r, r)
  const low = f32x4.add(v128.load32_splat(EXP, 28), f32x4.mul(v128.load32_splat(EXP, 32), r))
  const high = f32x4.add(v128.load32_splat(EXP, 36), f32x4.mul(v128.load32_splat(EXP, 40), r))
  const p = f32x4.add(low, f32x4.mul(square, f32x4.add(high, f32x4.mul(square, v128.load32_splat(EXP, 44)))))
  return f32x4.add(f32x4.add(r, f32x4.mul(square, p)), one4())
}

/** fraction * 2^n; 1.0 has the exponent field of 2^0. */
export function exp_scale4(fraction: v128, power: v128): v128 {
  const one = one4()
  const n = i32x4.sub(power, v128.load32_splat(EXP, 12))
  const half = i32x4.shr_s(n, 1)
  const most = f32x4.mul(fraction, i32x4.add(i32x4.shl(half, 23), one))
  return f32x4.mul(most, i32x4.add(i32x4.shl(i32x4.sub(n, half), 23), one))
}
