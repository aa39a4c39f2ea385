// What is not finite must reach the output, so that a broken model is reported and not heard as an odd answer. But max() of a
// NaN may be the other operand, and a driver may fold comparisons of floats as if no NaN existed; bits it cannot fold.
//   not_finite(x)        NaN, Infinity or -Infinity
//   poisoned(score, p)   p, the weight of a key with that score; NaN where a softmax gives its whole row NaN: the score is NaN
//                        or Infinity. -Infinity alone weighs nothing. The bits come from the score: a constant NaN is no WGSL
export const notFinite = /* wgsl */ `
fn not_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u; }
fn poisoned(score: f32, p: f32) -> f32 {
  let bits = bitcast<u32>(score);
  if (not_finite(score) && bits != 0xff800000u) { return bitcast<f32>(bits | 0x7fc00000u); }
  return p;
}`
