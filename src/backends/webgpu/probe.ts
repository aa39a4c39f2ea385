// Whether an adapter computes what it should: one matrix in q4, by one row and by several, against a plain loop. Drivers that
// get shared memory, barriers or integer shifts wrong are found here and not in an answer. A software adapter is refused: it
// is the same processor that wasm uses, with more between.

import { SailError } from '../../errors.ts'
import { packPanel, unpackPanel } from '../../weights/formats/packed.ts'
import { wave } from '../probe-values.ts'
import { findAdapter } from './gpu/adapter.ts'
import { MAP_READ, STORAGE, usage } from './gpu/flags.ts'
import type { Gpu } from './gpu/gpu.ts'
import { openDevice } from './gpu/open-device.ts'
import type { GpuHost } from './host.ts'
import type { Kernel } from './kernels/kernel.ts'
import { matmul, TILE_COLS } from './kernels/matmul.ts'
import { matvec } from './kernels/matvec.ts'
import { UniformRing } from './uniform-ring.ts'

const COLS = 72
const INNER = 160
const ROWS = 67

/** The adapter's name. @throws SailError E_BACKEND_UNAVAILABLE, E_BACKEND_NO_ADAPTER, E_GPU_SOFTWARE, E_GPU_WRONG, E_GPU_* */
export async function probeGpu(host: GpuHost): Promise<string> {
  const found = await findAdapter(host)
  if (found.software) throw refused('E_GPU_SOFTWARE', 'an adapter that is hardware', found.name)
  const gpu = await openDevice(found)
  try {
    const wrong = await disagreement(gpu)
    if (wrong !== null) throw refused('E_GPU_WRONG', 'right products', `${wrong} on ${found.name}`)
    return found.name
  } finally {
    gpu.close()
  }
}

/** What the kernels get wrong, or null. */
export async function disagreement(gpu: Gpu): Promise<string | null> {
  const w = wave(COLS * INNER, 7)
  const panels = Array.from({ length: COLS / 8 }, (_, p) =>
    packPanel('q4', w.subarray(p * 8 * INNER, (p + 1) * 8 * INNER), INNER),
  )
  const stored = panels.map((panel) => unpackPanel('q4', panel, INNER))
  const x = wave(ROWS * INNER, 5)
  const variant = { format: 'q4', whole: true, bias: false } as const
  const { tile, matvecThreads, subgroups } = gpu.tuning
  const kernels = [
    { rows: 1, kernel: matvec(variant, matvecThreads, subgroups), grid: [COLS / 8, 1] },
    {
      rows: ROWS,
      kernel: matmul(variant, 'S', tile),
      grid: [Math.ceil(COLS / TILE_COLS), Math.ceil(ROWS / tile.rows)],
    },
  ] as const
  for (const { rows, kernel, grid } of kernels) {
    const got = await multiply(gpu, kernel, grid, rows, [Uint32Array.of(INNER, COLS, 0, COLS), x, joined(panels)])
    for (const [n, value] of got.entries()) {
      const [row, c] = [Math.floor(n / COLS), n % COLS]
      let [sum, size] = [0, 0]
      for (let i = 0; i < INNER; i++) {
        const product = x[row * INNER + i] * stored[c >> 3][(c & 7) * INNER + i]
        sum += product
        size += Math.abs(product)
      }
      if (!(Math.abs(value - sum) <= 1e-6 * size)) return `${kernel.name} gives ${value} for ${sum}`
    }
  }
  return null
}

async function multiply(
  gpu: Gpu,
  kernel: Kernel,
  grid: readonly [number, number],
  rows: number,
  inputs: readonly ArrayBufferView<ArrayBuffer>[],
): Promise<Float32Array> {
  const pipeline = await gpu.pipeline(kernel)
  const bytes = rows * COLS * 4
  const read = await gpu.guarded('the probe', () => {
    const { device } = gpu
    const ring = new UniformRing(gpu)
    const offset = ring.write({ S: rows, K: rows, P: 0 }, { kind: 'full', window: null })
    const buffers = inputs.map((data) => {
      const buffer = gpu.buffer('probe', data.byteLength, STORAGE)
      device.queue.writeBuffer(buffer, 0, data)
      return buffer
    })
    const out = gpu.buffer('probe out', bytes, STORAGE)
    const entries = [...buffers, out].map((buffer, i) => ({ binding: i + 1, resource: { buffer } }))
    const uniform = { binding: 0, resource: { buffer: ring.buffer, size: 32 } }
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, device.createBindGroup({ layout: gpu.layout(kernel), entries: [uniform, ...entries] }), [
      offset,
    ])
    pass.dispatchWorkgroups(...grid)
    pass.end()
    const target = gpu.buffer('probe read', bytes, usage.mapRead | usage.copyDst)
    encoder.copyBufferToBuffer(out, 0, target, 0, bytes)
    device.queue.submit([encoder.finish()])
    return target
  })
  await gpu.wait(read.mapAsync(MAP_READ))
  return new Float32Array(read.getMappedRange(0, bytes).slice(0))
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function refused(code: `E_${string}`, expected: string, found: string): SailError {
  return new SailError(code, { file: 'webgpu', place: 'adapter', expected, found })
}
