// pack_x: a block of x (rows, depth) of 32-bit words, a row every `stride` bytes, regrouped for each tile of `tile` rows:
//   i=0 | r0 r1 .. r5 |  i=1 | r0 r1 .. r5 | ..
// so that the tile reads one stream. The words are f32 values, or records of quantize_rows. Four of inner at a time, transposed in registers; the last 1 to 3 one by one.
// Rows past the end are zeros: their products are never written out.

export function pack_x(to: usize, x: usize, stride: usize, rows: i32, depth: i32, tile: i32): void {
  const bytes = (<usize>tile) << 2
  for (let r = 0; r < rows; r += tile, x += stride * <usize>tile) {
    const n = min(tile, rows - r)
    if (n < tile) memory.fill(to, 0, bytes * <usize>depth)
    let row = 0
    for (; row + 4 <= n; row += 4) pack_four(to + ((<usize>row) << 2), x + <usize>row * stride, stride, bytes, depth)
    for (; row < n; row++) pack_one(to + ((<usize>row) << 2), x + <usize>row * stride, bytes, depth)
    to += bytes * <usize>depth
  }
}

function pack_four(to: usize, x: usize, stride: usize, bytes: usize, depth: i32): void {
  let i = 0
  for (; i + 4 <= depth; i += 4, x += 16) {
    const a = v128.load(x)
    const b = v128.load(x + stride)
    const c = v128.load(x + 2 * stride)
    const d = v128.load(x + 3 * stride)
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
    const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
    const AB = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
    const CD = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
    v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2))
    v128.store(to + bytes, v128.shuffle<i64>(ab, cd, 1, 3))
    v128.store(to + 2 * bytes, v128.shuffle<i64>(AB, CD, 0, 2))
    v128.store(to + 3 * bytes, v128.shuffle<i64>(AB, CD, 1, 3))
    to += 4 * bytes
  }
  for (; i < depth; i++, x += 4, to += bytes) {
    store<u32>(to, load<u32>(x))
    store<u32>(to, load<u32>(x + stride), 4)
    store<u32>(to, load<u32>(x + 2 * stride), 8)
    store<u32>(to, load<u32>(x + 3 * stride), 12)
  }
}

function pack_one(to: usize, x: usize, bytes: usize, depth: i32): void {
  for (let i = 0; i < depth; i++, x += 4, to += bytes) store<u32>(to, load<u32>(x))
}
