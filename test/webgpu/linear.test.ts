// matmul and matvec against a plain loop in f64 over what the packed weight really holds: sizes around every tail, each way
// to add threads, both tiles. The limit is that of an f32 dot: 8 * 2^-24 * sum |x * w|, from the inputs themselves.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Gpu } from '../../src/backends/webgpu/gpu/gpu.ts'
import type { LinearVariant } from '../../src/backends/webgpu/kernels/linear-shape.ts'
import { matmul, TILE_COLS, type Tile } from '../../src/backends/webgpu/kernels/matmul.ts'
import { matvec } from '../../src/backends/webgpu/kernels/matvec.ts'
import { type PackedFormat, packPanel, unpackPanel } from '../../src/weights/formats/packed.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { distinct, runKernel, testDevice } from './device.ts'

interface Matrix {
  readonly packed: Uint8Array
  /** (cols, inner) as stored. */
  readonly values: Float32Array
}

function packed(format: PackedFormat, cols: number, inner: number): Matrix {
  const w = distinct(cols * inner, 3)
  const panels = Array.from({ length: Math.ceil(cols / 8) }, (_, p) =>
    packPanel(format, w.subarray(p * 8 * inner, Math.min(cols, p * 8 + 8) * inner), inner),
  )
  const values = panels.flatMap((panel) => [...unpackPanel(format, panel, inner)])
  return { packed: new Uint8Array(Buffer.concat(panels)), values: Float32Array.from(values.slice(0, cols * inner)) }
}

function expectDots(got: Float32Array, x: Float32Array, w: Float32Array, bias: Float32Array | null, inner: number) {
  const cols = w.length / inner
  for (const [n, value] of got.entries()) {
    const [row, c] = [Math.floor(n / cols), n % cols]
    let [sum, size] = [bias?.[c] ?? 0, Math.abs(bias?.[c] ?? 0)]
    for (let i = 0; i < inner; i++) {
      const product = x[row * inner + i] * w[c * inner + i]
      sum += product
      size += Math.abs(product)
    }
    if (!(Math.abs(value - sum) <= 8 * 2 ** -24 * size)) expect.fail(`[${row}, ${c}]: ${value} for ${sum}`)
  }
}

const formats: readonly PackedFormat[] = ['f32', 'bf16', 'q8', 'q4']
/** Columns around a panel and a tile; inner around a step, a group of 32, a chain of 128 products. */
const shapes = [
  [1, 1],
  [7, 3],
  [8, 32],
  [9, 33],
  [65, 130],
  [70, 588],
] as const

describe.skipIf(noGpu !== '')(`linear kernels${skipped}`, () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await testDevice()
  })
  afterAll(() => gpu?.close())

  async function check(
    rows: number,
    cols: number,
    inner: number,
    variant: LinearVariant,
    how: Tile | 'tree' | 'subgroups',
  ) {
    const [x, matrix] = [distinct(rows * inner), packed(variant.format, cols, inner)]
    const bias = variant.bias ? distinct(cols, 9) : null
    const one = typeof how === 'string'
    const kernel = one ? matvec(variant, 16, how === 'subgroups') : matmul(variant, 'S', how)
    const shape = Uint32Array.of(inner, cols, 0, cols)
    const got = await runKernel(gpu, kernel, {
      inputs: [shape, x, matrix.packed, ...(bias === null ? [] : [bias])],
      out: rows * cols,
      grid: one ? [Math.ceil(cols / 8), 1] : [Math.ceil(cols / TILE_COLS), Math.ceil(rows / how.rows)],
      sizes: { S: rows },
    })
    expectDots(got, x, matrix.values, bias, inner)
  }

  describe.each(formats)('%s', (format) => {
    const variant = (inner: number, bias = false): LinearVariant => ({ format, whole: inner % 4 === 0, bias })

    test('one row, threads added by a tree and by subgroups', async () => {
      expect(gpu.tuning.subgroups).toBe(true)
      for (const [cols, inner] of [...shapes, [24, 2500] as const])
        for (const how of ['tree', 'subgroups'] as const) await check(1, cols, inner, variant(inner), how)
    })

    test('many rows, with the tile of this adapter', async () => {
      for (const [cols, inner] of shapes)
        for (const rows of [2, 15, 16, 17, 33]) await check(rows, cols, inner, variant(inner), gpu.tuning.tile)
    })

    test('many rows, four a thread as on hardware', async () => {
      for (const rows of [2, 31, 32, 35]) await check(rows, 70, 588, variant(588), { rows: 32, own: 4, steps: 2 })
    })

    test('a bias is added once', async () => {
      await check(1, 9, 33, variant(33, true), 'tree')
      await check(5, 9, 32, variant(32, true), gpu.tuning.tile)
    })
  })

  test('the whole tile of a hardware adapter, in q4', async () => {
    const tile = { rows: 64, own: 4, steps: 8 }
    for (const rows of [3, 64, 67]) await check(rows, 130, 612, { format: 'q4', whole: true, bias: false }, tile)
  })

  test('a part of a matrix writes its own columns and no others', async () => {
    const [inner, cols, first, all] = [40, 9, 16, 25]
    const [x, { packed: bytes, values }] = [distinct(inner), packed('f32', cols, inner)]
    const variant = { format: 'f32', whole: true, bias: false } as const
    const inputs = [Uint32Array.of(inner, cols, first, all), x, bytes]
    const got = await runKernel(gpu, matvec(variant, 16, false), { inputs, out: cols, at: first, grid: [2, 1] })
    expectDots(got, x, values, null, inner)
    const rows = await runKernel(gpu, matmul(variant, 'S', gpu.tuning.tile), {
      inputs,
      out: cols,
      at: first,
      grid: [1, 1],
    })
    expectDots(rows, x, values, null, inner)
  })
})
