// swiglu: out = silu(gate) * up, silu(z) = z / (1 + exp(-z)), elements [from, to) of three equal arrays. `out` may be
// `gate` or `up`. Loop: four elements at a time; the last 1 to 3 are a vector with empty lanes, so every element's bits
// are the same wherever the slices are cut. No sums. exp: exp4.ts.
// NaN in gate or up gives NaN; gate +Infinity gives Infinity * up, and -Infinity NaN (it is -Infinity / Infinity, as in
// PyTorch); below -89 silu is -0. Twin: test/kernels/twins/elementwise.ts
import { exp_clamp4, exp_fraction4, exp_power4, exp_scale4, one4 } from './exp4'
import { load_lanes, store_lanes } from './lanes'

export function swiglu(out: usize, gate: usize, up: usize, from: i32, to: i32): void {
  const end = (<usize>to) << 2
  let at = (<usize>from) << 2
  for (; at + 16 <= end; at += 16) {
    const z = v128.load(gate + at)
    const x = exp_clamp4(f32x4.neg(z))
    const n = exp_power4(x)
    v128.store(out + at, f32x4.mul(silu4(z, exp_scale4(exp_fraction4(x, n), n)), v128.load(up + at)))
  }
  if (at === end) return
  const count = <i32>((end - at) >> 2)
  const z = load_lanes(gate + at, count)
  const x = exp_clamp4(f32x4.neg(z))
  const n = exp_power4(x)
  const silu = silu4(z, exp_scale4(exp_fraction4(x, n), n))
  store_lanes(out + at, f32x4.mul(silu, load_lanes(up + at, count)), count)
}

/** z / (1 + e), e = exp(-z). */
function silu4(z: v128, e: v128): v128 {
  return f32x4.div(z, f32x4.add(one4(), e))
}
