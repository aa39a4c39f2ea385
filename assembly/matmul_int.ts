// matmul_*_int: out[r * ldo + c] = sum over groups of sx[r, g] * sw[c, g] * (whole-number sum of the group), for the columns
// c < cols of panels [from, to). x: rows quantised by quantize_rows; w: q8 or q4 panels; out f32, `ldo` values from row to row.
// Loops: block of BLOCK_ROWS rows, block of 32 groups (1,024 values of inner), panel, tile. The block of x is packed once and
// stays in the second cache; the panel block is unpacked once and stays in the first (10 KiB; strict 18).
// Sums: exact within a group of 32; f32 chains over the at most 32 groups of a block, blocks added in order. The bits do not
// depend on who runs which panels. Tail: the last group is padded with zeros; rows and columns that do not exist are
// computed as zeros and not written. NaN and Infinity of x arrive as a NaN scale: that row of out is NaN.
// scratch (per thread): | packed x | unpacked panel block | sums of a tile |. Twin: test/kernels/twins/matmul-int.ts
import { groups_of, Q4_GROUP, Q8_GROUP } from './formats'
import { put_edge } from './matmul_edge'
import { INT_GROUP, INT_TILE_ROWS, tile_q4, tile_q4_fused, tile_q8, tile_q8_fused } from './matmul_int_tile'
import { pack_x } from './matmul_pack_x'
import { RECORD } from './quantize_rows'
import { unpack_q4, unpack_q8 } from './unpack_group'

const BLOCK_ROWS: i32 = 256
const GROUPS: i32 = 32
const PANEL_BLOCK: usize = <usize>(BLOCK_ROWS * GROUPS) * RECORD
const SUMS: usize = PANEL_BLOCK + <usize>GROUPS * INT_GROUP

/** Bytes of the thread-private scratch of the integer matmuls. */
export function matmul_int_scratch_bytes(): i32 {
  return <i32>SUMS + INT_TILE_ROWS * 32
}

export function matmul_int(
  q4: bool,
  fused: bool,
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
  const all = groups_of(inner)
  const stride = <usize>all * RECORD
  const panel_group = q4 ? Q4_GROUP : Q8_GROUP
  for (let r = 0; r < rows; r += BLOCK_ROWS) {
    const height = min(BLOCK_ROWS, rows - r)
    for (let g = 0; g < all; g += GROUPS) {
      const groups = min(GROUPS, all - g)
      pack_x(
        scratch,
        x + <usize>r * stride + <usize>g * RECORD,
        stride,
        height,
        groups * (<i32>RECORD >> 2),
        INT_TILE_ROWS,
      )
      for (let p = from; p < to; p++) {
        const panel = w + <usize>(p * all + g) * panel_group
        if (q4) unpack_q4(scratch + PANEL_BLOCK, panel, groups)
        else unpack_q8(scratch + PANEL_BLOCK, panel, groups)
        const corner = out + <usize>r * width + ((<usize>p) << 5)
        multiply_block(q4, fused, corner, width, scratch, height, min(8, cols - (p << 3)), groups, g === 0)
      }
    }
  }
}

/** All tiles of one row block and one panel. */
function multiply_block(
  q4: bool,
  fused: bool,
  out: usize,
  ldo: usize,
  scratch: usize,
  height: i32,
  width: i32,
  groups: i32,
  first: bool,
): void {
  const sums = scratch + SUMS
  const panel = scratch + PANEL_BLOCK
  const step = <usize>(groups * INT_TILE_ROWS) * RECORD
  for (let r = 0; r < height; r += INT_TILE_ROWS, scratch += step, out += ldo * <usize>INT_TILE_ROWS) {
    clear(sums)
    if (q4) {
      if (fused) tile_q4_fused(sums, scratch, panel, groups)
      else tile_q4(sums, scratch, panel, groups)
    } else {
      if (fused) tile_q8_fused(sums, scratch, panel, groups)
      else tile_q8(sums, scratch, panel, groups)
    }
    put_edge(out, ldo, sums, min(INT_TILE_ROWS, height - r), width, first)
  }
}

/** memory.fill would leave the module for every tile. */
function clear(sums: usize): void {
  for (const end = sums + <usize>(INT_TILE_ROWS * 32); sums < end; sums += 32) {
    v128.store(sums, i32x4.splat(0))
    v128.store(sums, i32x4.splat(0), 16)
  }
}
