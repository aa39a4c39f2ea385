// What the webgpu kernels of linear layers reach on this adapter: GFLOP/s of many rows (prefill), GB/s of weights of one row
// (decode). Every kernel is checked by value before it is timed; 30 submissions each, median and p10 to p90, as JSON lines.
//   node bench/kernels/webgpu.mjs [--inner 4096] [--cols 4096] [--rows 512]      after npm run build, with npm's `webgpu`
// On a software adapter the figures say nothing about a GPU: the name of the adapter stands in every line.
import { parseArgs } from 'node:util'

const dist = new URL('../../dist/', import.meta.url)
const load = (file) => import(new URL(file, dist).href)
const { findAdapter } = await load('backends/webgpu/gpu/adapter.js')
const { openDevice } = await load('backends/webgpu/gpu/open-device.js')
const { STORAGE } = await load('backends/webgpu/gpu/flags.js')
const { matmul, TILE_COLS } = await load('backends/webgpu/kernels/matmul.js')
const { matvec, GRID } = await load('backends/webgpu/kernels/matvec.js')
const { disagreement } = await load('backends/webgpu/probe.js')
const { UniformRing } = await load('backends/webgpu/uniform-ring.js')
const { nodeGpuHost } = await load('node/gpu-host.js')
const { panelBytes } = await load('weights/formats/packed.js')

const option = (value) => ({ type: 'string', default: String(value) })
const { values } = parseArgs({ options: { inner: option(4096), cols: option(4096), rows: option(512) } })
const [inner, cols, rows] = [values.inner, values.cols, values.rows].map(Number)
const RUNS = 30

const found = await findAdapter(nodeGpuHost)
const gpu = await openDevice(found)
const wrong = await disagreement(gpu)
if (wrong !== null) throw new Error(wrong)

/** Milliseconds of `RUNS` submissions, sorted. */
async function time(kernel, bytes, S, grid) {
  const pipeline = await gpu.pipeline(kernel)
  const { group, offset, buffers } = await gpu.guarded('bench', () => {
    const ring = new UniformRing(gpu)
    const shape = gpu.buffer('shape', 16, STORAGE)
    gpu.device.queue.writeBuffer(shape, 0, Uint32Array.of(inner, cols, 0, cols))
    const storage = [shape, ...[S * inner * 4, bytes, S * cols * 4].map((size) => gpu.buffer('bench', size, STORAGE))]
    const entries = storage.map((buffer, i) => ({ binding: i + 1, resource: { buffer } }))
    const uniform = { binding: 0, resource: { buffer: ring.buffer, size: 32 } }
    return {
      group: gpu.device.createBindGroup({ layout: gpu.layout(kernel), entries: [uniform, ...entries] }),
      offset: ring.write({ S, K: S, P: 0 }, { kind: 'full', window: null }),
      buffers: [...storage, ring.buffer],
    }
  })
  const times = []
  for (let run = -3; run < RUNS; run++) {
    const start = performance.now()
    const encoder = gpu.device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group, [offset])
    pass.dispatchWorkgroups(...grid)
    pass.end()
    gpu.device.queue.submit([encoder.finish()])
    await gpu.wait(gpu.device.queue.onSubmittedWorkDone())
    if (run >= 0) times.push(performance.now() - start)
  }
  for (const buffer of buffers) gpu.release(buffer)
  return times.sort((a, b) => a - b)
}

const { tile, matvecThreads, subgroups } = gpu.tuning
const panels = cols / 8
for (const format of ['f32', 'bf16', 'q8', 'q4']) {
  const variant = { format, whole: inner % 4 === 0, bias: false }
  const bytes = panels * panelBytes(format, inner)
  const one = await time(matvec(variant, matvecThreads, subgroups), bytes, 1, [
    Math.min(panels, GRID),
    Math.ceil(panels / GRID),
  ])
  report(`matvec_${format}`, one, bytes / 1e6, 'GB/s')
  const many = await time(matmul(variant, 'S', tile), bytes, rows, [
    Math.ceil(cols / TILE_COLS),
    Math.ceil(rows / tile.rows),
  ])
  report(`matmul_${format}`, many, (2 * inner * cols * rows) / 1e6, 'GFLOP/s')
}
gpu.close()

function report(kernel, times, work, unit) {
  const at = (share) => Number((work / times[Math.floor(share * (times.length - 1))]).toPrecision(3))
  const row = { adapter: found.name, software: found.software, kernel, inner, cols, rows, unit, tile, subgroups }
  console.log(JSON.stringify({ ...row, median: at(0.5), p10: at(0.9), p90: at(0.1) }))
}
