// npm run bench -- webgpu: the adapter that `--backend webgpu` finds: its roofs in WGSL, the kernels of linear layers, and a
// checkpoint by `sail bench`. The adapter's name, and whether it is software, stand in the result.
//   [--inner 4096] [--cols 4096] [--rows 256] [--model golden/tiny] [--patches 64,256] [--steps 16] [--runs 3] [--out FILE]
// q4 is checked by value before anything is timed (src/backends/webgpu/probe.ts); test/webgpu holds all formats. A run is one
// submission with as many dispatches as take REPEAT seconds, from the call until the device is done.
import { parseArgs } from 'node:util'
import { type FoundAdapter, findAdapter } from '../../src/backends/webgpu/gpu/adapter.ts'
import { STORAGE } from '../../src/backends/webgpu/gpu/flags.ts'
import type { Gpu } from '../../src/backends/webgpu/gpu/gpu.ts'
import { openDevice } from '../../src/backends/webgpu/gpu/open-device.ts'
import { type Kernel, PASS_BYTES } from '../../src/backends/webgpu/kernels/kernel.ts'
import { matmul, TILE_COLS } from '../../src/backends/webgpu/kernels/matmul.ts'
import { GRID, matvec } from '../../src/backends/webgpu/kernels/matvec.ts'
import { disagreement } from '../../src/backends/webgpu/probe.ts'
import { UniformRing } from '../../src/backends/webgpu/uniform-ring.ts'
import type { BenchReport } from '../../src/cli/bench/bench-report.ts'
import { measureGpuRoofs } from '../../src/cli/bench/gpu-roofs.ts'
import type { Roofs } from '../../src/cli/bench/roofs.ts'
import { rateOf, type Spread, spread } from '../../src/cli/bench/spread.ts'
import { nodeGpuHost } from '../../src/node/gpu-host.ts'
import { panelBytes } from '../../src/weights/formats/packed.ts'
import { sailBench } from '../child.ts'
import { type Machine, machine, writeResult } from '../machine.ts'

const RUNS = 30
const REPEAT = 0.02

export interface GpuRow {
  readonly kernel: string
  readonly rows: number
  readonly inner: number
  readonly cols: number
  readonly unit: 'GFLOP/s' | 'GB/s'
  readonly rate: Spread
  readonly roof: 'madd' | 'read'
  /** Of the roof's median. */
  readonly share: number
}

export interface GpuResult {
  readonly machine: Machine
  readonly adapter: Pick<FoundAdapter, 'name' | 'software'>
  readonly tuning: Pick<Gpu['tuning'], 'tile' | 'matvecThreads' | 'subgroups'>
  readonly roofs: Roofs
  readonly rows: readonly GpuRow[]
  readonly model: BenchReport
}

export async function main(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      inner: { type: 'string', default: '4096' },
      cols: { type: 'string', default: '4096' },
      rows: { type: 'string', default: '256' },
      model: { type: 'string', default: 'golden/tiny' },
      patches: { type: 'string', default: '64,256' },
      steps: { type: 'string', default: '16' },
      runs: { type: 'string', default: '3' },
      out: { type: 'string' },
    },
  })
  const { name, software, ...found } = await findAdapter(nodeGpuHost)
  const gpu = await openDevice({ name, software, ...found })
  const roofs = await measureGpuRoofs()
  const wrong = await disagreement(gpu)
  if (wrong !== null) throw new Error(wrong)
  const sizes = { inner: Number(flags.inner), cols: Number(flags.cols) }
  const rows: GpuRow[] = []
  for (const format of ['f32', 'bf16', 'q8', 'q4'] as const)
    for (const count of [1, Number(flags.rows)]) {
      const row = await linear(gpu, format, { ...sizes, rows: count }, roofs)
      rows.push(row)
      const share = `${(100 * row.share).toFixed(0)} % of ${row.roof}`
      console.error(`${row.kernel.padEnd(12)} ${row.rate.median.toPrecision(3)} ${row.unit}, ${share}`)
    }
  const { tile, matvecThreads, subgroups } = gpu.tuning
  gpu.close()
  const { model: folder, patches, steps, runs } = flags
  const how = ['--backend', 'webgpu', '--patches', patches, '--steps', steps, '--runs', runs]
  const model = await sailBench(folder, how)
  const tuning = { tile, matvecThreads, subgroups }
  const result: GpuResult = { machine: machine(), adapter: { name, software }, tuning, roofs, rows, model }
  writeResult(flags.out, result)
}

type Size = Pick<GpuRow, 'rows' | 'inner' | 'cols'>

async function linear(gpu: Gpu, format: 'f32' | 'bf16' | 'q8' | 'q4', size: Size, roofs: Roofs): Promise<GpuRow> {
  const { tile, matvecThreads, subgroups } = gpu.tuning
  const { rows, inner, cols } = size
  const variant = { format, whole: inner % 4 === 0, bias: false }
  const bytes = Math.ceil(cols / 8) * panelBytes(format, inner)
  if (rows === 1) {
    const panels = Math.ceil(cols / 8)
    const grid = [Math.min(panels, GRID), Math.ceil(panels / GRID)] as const
    const seconds = await timed(gpu, matvec(variant, matvecThreads, subgroups), bytes, size, grid)
    const rate = rateOf(bytes / 1e9, seconds)
    return { kernel: `matvec_${format}`, ...size, unit: 'GB/s', rate, roof: 'read', share: share(rate, roofs.read) }
  }
  const grid = [Math.ceil(cols / TILE_COLS), Math.ceil(rows / tile.rows)] as const
  const rate = rateOf((2 * rows * inner * cols) / 1e9, await timed(gpu, matmul(variant, 'S', tile), bytes, size, grid))
  return { kernel: `matmul_${format}`, ...size, unit: 'GFLOP/s', rate, roof: 'madd', share: share(rate, roofs.madd) }
}

function share(rate: Spread, roof: Spread | undefined): number {
  return rate.median / (roof?.median ?? Number.NaN)
}

/** Seconds of one dispatch on buffers of zeros. */
async function timed(
  gpu: Gpu,
  kernel: Kernel,
  bytes: number,
  { rows, inner, cols }: Size,
  grid: readonly [number, number],
): Promise<Spread> {
  const pipeline = await gpu.pipeline(kernel)
  const { device } = gpu
  const { group, offset, buffers } = await gpu.guarded('bench', () => {
    const ring = new UniformRing(gpu)
    const sizes = [16, rows * inner * 4, bytes, rows * cols * 4]
    const storage = sizes.map((size) => gpu.buffer('bench', size, STORAGE))
    device.queue.writeBuffer(storage[0], 0, Uint32Array.of(inner, cols, 0, cols))
    const uniform = { binding: 0, resource: { buffer: ring.buffer, size: PASS_BYTES } }
    const entries = [uniform, ...storage.map((buffer, i) => ({ binding: i + 1, resource: { buffer } }))]
    return {
      group: device.createBindGroup({ layout: gpu.layout(kernel), entries }),
      offset: ring.write({ S: rows, K: rows, P: 0 }, { kind: 'full', window: null }),
      buffers: [ring.buffer, ...storage],
    }
  })
  const seconds = async (dispatches: number): Promise<number> => {
    const start = performance.now()
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group, [offset])
    for (let n = 0; n < dispatches; n++) pass.dispatchWorkgroups(...grid)
    pass.end()
    device.queue.submit([encoder.finish()])
    await gpu.wait(device.queue.onSubmittedWorkDone())
    return (performance.now() - start) / 1000
  }
  let dispatches = 1
  while ((await seconds(dispatches)) < REPEAT && dispatches < 4096) dispatches *= 2
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) times.push((await seconds(dispatches)) / dispatches)
  for (const buffer of buffers) gpu.release(buffer)
  return spread(times)
}
