// a * b + c in four lanes: rounded twice in the strict build; in the relaxed build as the machine does it, fused (once)
// where it has that instruction. The switch is a constant of the build, so nothing of it is left in the code.
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(c, f32x4.mul(a, b))
}
