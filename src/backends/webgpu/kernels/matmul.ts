// matmul_<format>: out (rows, cols) = x (rows, inner) . w^T (+ bias), many rows.   One workgroup a tile of ROWS x 64 columns
//   x tile   | row 0: k0..3 k4..7 .. k28..31 | row 1: ..      vectors along inner, loaded as they lie in memory
//   w tile   | step 0: j=0 p0.l p0.h p1.l .. p7.h | j=1 ..    8 panels x 8 steps x 4, widened once for all rows of the tile
// Loops: 32 values of inner a tile, then the sum of the tile is added to the total: chains of 32 products. Thread (r, p)
// holds 4 rows x the 8 columns of panel p in registers: 3 vectors read from shared memory for 32 multiply-adds.
// Tails: rows past the end are zeros and are not written; panels past the end are neither read nor written.
import { type Kernel, kernel, type Rows, rowsIn } from './kernel.ts'
import type { LinearShape } from './matvec.ts'
import { loadX, stepsOf, typeOfX, unpack } from './unpack.ts'

/** Columns of a tile, and panels. */
export const TILE_COLS = 64
const PANELS = 8
/** Steps (of 4) of inner in a tile. */
const STEPS = 8

const four = [0, 1, 2, 3]

/** @param tileRows 32 or 64: two threads a row of the tile */
export function matmul(shape: LinearShape, rows: Rows, tileRows: number): Kernel {
  const { format, inner, cols, first, allCols, bias } = shape
  const name = `matmul_${format}`
  const threads = tileRows * 2
  const steps = stepsOf(inner)
  const rowAt = (j: number): string => `xs[(4u * r + ${j}u) * ${STEPS}u + step]`
  const weightAt = (j: number, half: 0 | 1): string => `ws[((step * 4u + ${j}u) * ${PANELS}u + p) * 2u + ${half}u]`
  const multiply = four.map((i) => {
    const lanes = ['x', 'y', 'z', 'w'] as const
    return four.map((j) => `l${i} += x${i}.${lanes[j]} * wl${j}; h${i} += x${i}.${lanes[j]} * wh${j};`).join(' ')
  })
  return kernel(
    name,
    { x: typeOfX(inner), w: 'vec4<u32>', ...(bias && { bias: 'f32' }), y: 'f32' },
    /* wgsl */ `
var<workgroup> xs: array<vec4<f32>, ${tileRows * STEPS}>;
var<workgroup> ws: array<vec4<f32>, ${STEPS * 4 * PANELS * 2}>;
${loadX(inner)}
fn store(row: u32, panel: u32, low: vec4<f32>, high: vec4<f32>) {
  if (row >= ${rowsIn(rows)}) { return; }
  for (var c = 0u; c < min(8u, ${cols}u - panel * 8u); c++) {
    let at = ${first}u + panel * 8u + c;
    y[row * ${allCols}u + at] = select(high[c % 4u], low[c % 4u], c < 4u)${bias ? ' + bias[at]' : ''};
  }
}
@compute @workgroup_size(${threads})
fn ${name}(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let row0 = group.y * ${tileRows}u;
  let r = t / ${PANELS}u;
  let p = t % ${PANELS}u;
  ${four.map((i) => `var suml${i} = vec4<f32>(); var sumh${i} = vec4<f32>();`).join(' ')}
  for (var step0 = 0u; step0 < ${steps}u; step0 += ${STEPS}u) {
    for (var n = t; n < ${tileRows * STEPS}u; n += ${threads}u) {
      let row = row0 + n / ${STEPS}u;
      let step = step0 + n % ${STEPS}u;
      var value = vec4<f32>();
      if (row < ${rowsIn(rows)} && step < ${steps}u) { value = load_x(row, step); }
      xs[n] = value;
    }
    for (var n = t; n < ${PANELS * STEPS}u; n += ${threads}u) {
      let panel = group.x * ${PANELS}u + n / ${STEPS}u;
      let step = step0 + n % ${STEPS}u;
      if (panel < ${Math.ceil(cols / 8)}u && step < ${steps}u) {
        ${unpack(format, inner, 'panel', 'step')}
        let to = (n % ${STEPS}u * 4u * ${PANELS}u + n / ${STEPS}u) * 2u;
        ${four.map((j) => `ws[to + ${j * PANELS * 2}u] = l${j}; ws[to + ${j * PANELS * 2 + 1}u] = h${j};`).join(' ')}
      }
    }
    workgroupBarrier();
    if (row0 + 4u * r < ${rowsIn(rows)}) {
      ${four.map((i) => `var l${i} = vec4<f32>(); var h${i} = vec4<f32>();`).join(' ')}
      for (var step = 0u; step < min(${STEPS}u, ${steps}u - step0); step++) {
        ${four.map((i) => `let x${i} = ${rowAt(i)};`).join(' ')}
        ${four.map((j) => `let wl${j} = ${weightAt(j, 0)}; let wh${j} = ${weightAt(j, 1)};`).join(' ')}
        ${multiply.join('\n')}
      }
      ${four.map((i) => `suml${i} += l${i}; sumh${i} += h${i};`).join(' ')}
    }
    workgroupBarrier();
  }
  let panel = group.x * ${PANELS}u + p;
  if (panel >= ${Math.ceil(cols / 8)}u) { return; }
  ${four.map((i) => `store(row0 + 4u * r + ${i}u, panel, suml${i}, sumh${i});`).join('\n')}
}`,
  )
}
