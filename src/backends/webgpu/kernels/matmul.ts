// matmul_<format>: out (rows, cols) = x (rows, inner) . w^T (+ bias), many rows.   One workgroup a tile of rows x 64 columns
//   x tile   | row 0: k0..3 k4..7 .. | row 1: ..              vectors along inner, loaded as they lie in memory
//   w tile   | step 0: j=0 p0.l p0.h p1.l .. p7.h | j=1 ..    8 panels x steps x 4, widened once for all rows of the tile
// Loops: 4 * steps values of inner a tile, then the sum of the tile is added to the total: chains of at most 32 products. Thread (r, p)
// holds `own` rows x the 8 columns of panel p in registers; with 4 rows, 12 vectors are read for 128 multiply-adds of vectors
// of which each is used 4 or 8 times. Tails: rows past the end are zeros and are not written; panels past the end are neither read nor written.
// An x in f16 stays so in its tile; w does not, since bf16 has a range that f16 lacks.
import { type Kernel, kernel, rowsIn, storedAs } from './kernel.ts'
import { type LinearVariant, linearBuffers, readShape } from './linear-shape.ts'
import { loadX, unpack } from './unpack.ts'

/** Columns of a tile, and panels. */
export const TILE_COLS = 64
const PANELS = 8

/** Rows of a tile, how many of them a thread holds (8 * rows / own threads), and steps (of 4) of inner. */
export interface Tile {
  readonly rows: number
  readonly own: number
  readonly steps: number
}

export function matmul(variant: LinearVariant, rows: 'S' | 'P', tile: Tile): Kernel {
  const { format, whole, bias, x = 'f32', y = 'f32' } = variant
  const name = `matmul_${format}`
  const threads = (tile.rows / tile.own) * PANELS
  const own = Array.from({ length: tile.own }, (_, i) => i)
  const four = [0, 1, 2, 3]
  const lanes = ['x', 'y', 'z', 'w'] as const
  const multiply = own.map((i) =>
    four.map((j) => `l${i} += x${i}.${lanes[j]} * wl${j}; h${i} += x${i}.${lanes[j]} * wh${j};`).join(' '),
  )
  return kernel(
    name,
    linearBuffers(variant),
    /* wgsl */ `
var<workgroup> xs: array<vec4<${x}>, ${tile.rows * tile.steps}>;
var<workgroup> ws: array<vec4<f32>, ${tile.steps * 4 * PANELS * 2}>;
${loadX(whole)}
${storedAs(y)}
fn store(row: u32, panel: u32, low: vec4<f32>, high: vec4<f32>) {
  ${readShape}
  if (row >= ${rowsIn(rows)}) { return; }
  for (var c = 0u; c < min(8u, cols - panel * 8u); c++) {
    let at = first_col + panel * 8u + c;
    y[row * all_cols + at] = stored(select(high[c % 4u], low[c % 4u], c < 4u)${bias ? ' + bias[at]' : ''});
  }
}
@compute @workgroup_size(${threads})
fn ${name}(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  ${readShape}
  let panels = (cols + 7u) / 8u;
  let steps = (inner + 3u) / 4u;
  let row0 = group.y * ${tile.rows}u;
  let own_row = t / ${PANELS}u * ${tile.own}u;
  let p = t % ${PANELS}u;
  ${own.map((i) => `var suml${i} = vec4<f32>(); var sumh${i} = vec4<f32>();`).join(' ')}
  for (var step0 = 0u; step0 < steps; step0 += ${tile.steps}u) {
    for (var n = t; n < ${tile.rows * tile.steps}u; n += ${threads}u) {
      let row = row0 + n / ${tile.steps}u;
      let step = step0 + n % ${tile.steps}u;
      var value = vec4<${x}>();
      if (row < ${rowsIn(rows)} && step < steps) { value = vec4<${x}>(load_x(row, step, inner)); }
      xs[n] = value;
    }
    for (var n = t; n < ${PANELS * tile.steps}u; n += ${threads}u) {
      let panel = group.x * ${PANELS}u + n / ${tile.steps}u;
      let step = step0 + n % ${tile.steps}u;
      if (panel < panels && step < steps) {
        ${unpack(format)}
        let to = (n % ${tile.steps}u * 4u * ${PANELS}u + n / ${tile.steps}u) * 2u;
        ${four.map((j) => `ws[to + ${j * PANELS * 2}u] = l${j}; ws[to + ${j * PANELS * 2 + 1}u] = h${j};`).join(' ')}
      }
    }
    workgroupBarrier();
    if (row0 + own_row < ${rowsIn(rows)}) {
      ${own.map((i) => `var l${i} = vec4<f32>(); var h${i} = vec4<f32>();`).join(' ')}
      for (var step = 0u; step < min(${tile.steps}u, steps - step0); step++) {
        ${own.map((i) => `let x${i} = vec4<f32>(xs[(own_row + ${i}u) * ${tile.steps}u + step]);`).join(' ')}
        let at = (step * ${4 * PANELS}u + p) * 2u;
        ${four.map((j) => `let wl${j} = ws[at + ${2 * j * PANELS}u]; let wh${j} = ws[at + ${2 * j * PANELS + 1}u];`).join(' ')}
        ${multiply.join('\n')}
      }
      ${own.map((i) => `suml${i} += l${i}; sumh${i} += h${i};`).join(' ')}
    }
    workgroupBarrier();
  }
  let panel = group.x * ${PANELS}u + p;
  if (panel >= panels) { return; }
  ${own.map((i) => `store(row0 + own_row + ${i}u, panel, suml${i}, sumh${i});`).join('\n')}
}`,
  )
}
