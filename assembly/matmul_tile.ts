// tile_f32: the multiply-add loop of every f32 matmul. out[r][c] (+)= sum over i of x[i][r] * w[i][c], for a tile of
// TILE_ROWS rows and 8 columns, over `depth` <= 128 values of inner: one block of the sum.
//   x   packed   i=0 | r0 .. r5 |  i=1 | r0 .. r5 | ..        w   one panel   i=0 | c0 .. c7 |  i=1 | c0 .. c7 | ..
// Every sum is one chain in rising i; the block is then written (`first`) or added to what `out` holds, so blocks are added
// in order. Relaxed multiplies and adds in one instruction: 12 sums, two weights and one x fill the 15 vector registers
// that V8 gives. Strict needs one more register for the product, so its tile has 4 rows.
// `out` is written whole, with a row every `ldo` bytes. Twin: test/kernels/twins/matmul.ts
import { madd } from './madd'

/** Rows of a tile. */
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4

export function tile_f32(out: usize, ldo: usize, x: usize, w: usize, depth: i32, first: bool): void {
  let a0 = f32x4.splat(0)
  let b0 = a0
  let a1 = a0
  let b1 = a0
  let a2 = a0
  let b2 = a0
  let a3 = a0
  let b3 = a0
  let a4 = a0
  let b4 = a0
  let a5 = a0
  let b5 = a0
  const end = w + ((<usize>depth) << 5)
  while (w < end) {
    const wa = v128.load(w)
    const wb = v128.load(w, 16)
    let xr = v128.load32_splat(x)
    a0 = madd(xr, wa, a0)
    b0 = madd(xr, wb, b0)
    xr = v128.load32_splat(x, 4)
    a1 = madd(xr, wa, a1)
    b1 = madd(xr, wb, b1)
    xr = v128.load32_splat(x, 8)
    a2 = madd(xr, wa, a2)
    b2 = madd(xr, wb, b2)
    xr = v128.load32_splat(x, 12)
    a3 = madd(xr, wa, a3)
    b3 = madd(xr, wb, b3)
    if (TILE_ROWS > 4) {
      xr = v128.load32_splat(x, 16)
      a4 = madd(xr, wa, a4)
      b4 = madd(xr, wb, b4)
      xr = v128.load32_splat(x, 20)
      a5 = madd(xr, wa, a5)
      b5 = madd(xr, wb, b5)
    }
    w += 32
    x += (<usize>TILE_ROWS) << 2
  }
  out = put_row(out, ldo, a0, b0, first)
  out = put_row(out, ldo, a1, b1, first)
  out = put_row(out, ldo, a2, b2, first)
  out = put_row(out, ldo, a3, b3, first)
  if (TILE_ROWS > 4) {
    out = put_row(out, ldo, a4, b4, first)
    put_row(out, ldo, a5, b5, first)
  }
}

function put_row(out: usize, ldo: usize, a: v128, b: v128, first: bool): usize {
  if (!first) {
    a = f32x4.add(v128.load(out), a)
    b = f32x4.add(v128.load(out, 16), b)
  }
  v128.store(out, a)
  v128.store(out, b, 16)
  return out + ldo
}
