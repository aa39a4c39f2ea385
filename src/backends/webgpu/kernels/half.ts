// Half precision in WGSL that needs no feature: two halves in a word, the lower index in the low half. Values are narrowed
// here in integers, to nearest even, as the wasm kernels do: pack2x16float may round either way, and says nothing of what
// lies beyond 65504. unpack2x16float is exact.
//   normal     the exponent is re-biased by 112, and of the 13 bits that an f16 lacks the carry goes up
//   subnormal  the fraction with its leading bit, moved down to units of 2^-24
// Twin: test/kernels/twins/f16.ts
import type { Float } from './kernel.ts'

/** fn narrow(x: f32) -> u32: the bits of the nearest f16; Infinity from 65520 on, NaN stays NaN. */
export const narrow = /* wgsl */ `
fn narrow(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) { return sign | 0x7e00u; }
  if (size >= 0x477ff000u) { return sign | 0x7c00u; }
  if (size >= 0x38800000u) { return sign | ((size - 0x38000000u + 0xfffu + ((size >> 13u) & 1u)) >> 13u); }
  let shift = 126u - (size >> 23u);
  if (shift > 24u) { return sign; }
  let fraction = (size & 0x7fffffu) | 0x800000u;
  return sign | ((fraction + (1u << (shift - 1u)) - 1u + ((fraction >> shift) & 1u)) >> shift);
}`

/** Element types of a cache's rows as kernels bind them. */
export const keysType = { f32: 'vec4<f32>', f16: 'vec2<u32>' } as const
export const valuesType = { f32: 'f32', f16: 'u32' } as const

/** fn key4(n) -> vec4<f32>: vector n of the buffer `keys`. */
export function readKey(kv: Float): string {
  const four = kv === 'f16' ? 'vec4<f32>(unpack2x16float(keys[n].x), unpack2x16float(keys[n].y))' : 'keys[n]'
  return `fn key4(n: u32) -> vec4<f32> { return ${four}; }`
}

/** fn value_at(n) -> f32: value n of the buffer `values`. */
export function readValue(kv: Float): string {
  return `fn value_at(n: u32) -> f32 { return ${kv === 'f16' ? 'unpack2x16float(values[n / 2u])[n % 2u]' : 'values[n]'}; }`
}
