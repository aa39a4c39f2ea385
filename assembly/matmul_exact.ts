// matmul_*: out[r * ldo + c] = sum over i of x[r, i] * w[c, i] for the columns c < cols of panels [from, to).
//   x (rows, inner) f32; w packed in panels of 8 columns in any of the weight formats; out f32, `ldo` values from row to row.
// Loops: block of BLOCK_ROWS rows, block of 128 along inner, panel, tile. The block of x is packed once, tile by tile, and
// stays in the second cache while the panels pass; 128 steps of one panel (4 KiB, made f32 first where they are stored
// shorter) stay in the first. Sums: chains of at most 128 in rising i, blocks added in order; whoever runs which panels,
// the bits are the same. Tail: a tile that reaches past `rows` or `cols` goes through a small buffer; nothing outside is
// written. Missing rows of a tile are zeros. NaN and Infinity flow through as in any sum of products.
// scratch (per thread): | packed x | one f32 panel block | buffer of a tile |. Twin: test/kernels/twins/matmul.ts
import { expand_block } from './expand_block'
import { put_edge } from './matmul_edge'
import { pack_x } from './matmul_pack_x'
import { TILE_ROWS, tile_f32 } from './matmul_tile'

const BLOCK_ROWS: i32 = 240
const DEPTH: i32 = 128
const PACKED_X: usize = <usize>(BLOCK_ROWS * DEPTH * 4)
const PANEL_BLOCK: usize = <usize>(DEPTH * 8 * 4)
const BUFFER: usize = PACKED_X + PANEL_BLOCK

/** Bytes of the thread-private scratch of the matmuls with f32 x. */
export function matmul_exact_scratch_bytes(): i32 {
  return <i32>BUFFER + TILE_ROWS * 8 * 4
}

export function matmul_exact(
  format: i32,
  out: usize,
  x: usize,
  w: usize,
  rows: i32,
  inner: i32,
  cols: i32,
  ldo: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  const width = (<usize>ldo) << 2
  for (let r = 0; r < rows; r += BLOCK_ROWS) {
    const height = min(BLOCK_ROWS, rows - r)
    for (let i = 0; i < inner; i += DEPTH) {
      const depth = min(DEPTH, inner - i)
      pack_x(scratch, x + ((<usize>r * <usize>inner + <usize>i) << 2), (<usize>inner) << 2, height, depth, TILE_ROWS)
      for (let p = from; p < to; p++) {
        const panel = expand_block(format, scratch + PACKED_X, w, p, inner, i, depth)
        const corner = out + <usize>r * width + ((<usize>p) << 5)
        multiply_block(corner, width, scratch, panel, scratch + BUFFER, height, min(8, cols - (p << 3)), depth, i === 0)
      }
    }
  }
}

/** All tiles of one row block and one panel. */
function multiply_block(
  out: usize,
  ldo: usize,
  x: usize,
  panel: usize,
  buffer: usize,
  height: i32,
  width: i32,
  depth: i32,
  first: bool,
): void {
  const step = <usize>(TILE_ROWS * 4) * <usize>depth
  for (let r = 0; r < height; r += TILE_ROWS, x += step, out += ldo * <usize>TILE_ROWS) {
    const n = min(TILE_ROWS, height - r)
    if (n === TILE_ROWS && width === 8) {
      tile_f32(out, ldo, x, panel, depth, first)
    } else {
      tile_f32(buffer, 32, x, panel, depth, true)
      put_edge(out, ldo, buffer, n, width, first)
    }
  }
}
