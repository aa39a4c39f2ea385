// What this adapter gives in WGSL: multiply-add in registers, and reading a buffer far larger than its caches. As in roofs.ts the
// shares of the kernels are against loops in the language that they are written in. A run is one submission, from the call
// until the device says that it is done, and long enough that the way there and back does not count.
import { SailError } from '../../errors.ts'
import { nodeGpuHost } from '../../node/gpu-host.ts'
import type { Roofs } from './roofs.ts'
import { rateOf, type Spread, spread } from './spread.ts'

const RUNS = 15
/** Seconds that a run takes at least. */
const LONG = 0.03
const THREADS = 64
const GROUPS = 1024
const STEPS = 256
const [STORAGE, COPY_DST] = [0x80, 0x8]

/** 8 chains of 4 lanes a thread; x and y come from a buffer, so that nothing is known before. */
const ADDS = 8
const madd = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> values: array<vec4<f32>>;
@compute @workgroup_size(${THREADS})
fn roof(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = values[0];
  let y = values[1];
  ${chains((i) => `var a${i} = values[id.x % 64u + ${i}u];`)}
  for (var step = 0u; step < ${STEPS}u; step++) { ${chains((i) => `a${i} = a${i} * x + y;`)} }
  values[64u + id.x] = ${chains((i) => `a${i}`, ' + ')};
}`

const READS = 64
const read = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> values: array<vec4<u32>>;
@compute @workgroup_size(${THREADS})
fn roof(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = groups.x * ${THREADS}u;
  var sum = vec4<u32>();
  for (var n = 0u; n < ${READS}u; n++) { sum ^= values[id.x + n * stride]; }
  if (all(sum == vec4<u32>(1u))) { values[id.x] = sum; }
}`

/** @throws SailError E_BACKEND_NO_ADAPTER */
export async function measureGpuRoofs(): Promise<Roofs> {
  const entry = (await nodeGpuHost.open()).gpu as GPU | null
  const adapter = await entry?.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter)
    throw new SailError('E_BACKEND_NO_ADAPTER', { file: 'sail bench', expected: 'the adapter of the model' })
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits
  const most = Math.min(maxStorageBufferBindingSize, maxBufferSize, 2 ** 28)
  const device = await adapter.requestDevice({ requiredLimits: { maxStorageBufferBindingSize, maxBufferSize } })
  try {
    const groups = Math.floor(most / (READS * THREADS * 16))
    return {
      madd: await roof(device, madd, {
        groups: GROUPS,
        bytes: (64 + GROUPS * THREADS) * 16,
        work: (GROUPS * THREADS * STEPS * ADDS * 4 * 2) / 1e9,
      }),
      read: await roof(device, read, { groups, bytes: most, work: (groups * READS * THREADS * 16) / 1e9 }),
    }
  } finally {
    device.destroy()
    await device.lost
  }
}

interface Loop {
  readonly groups: number
  /** Of its buffer. */
  readonly bytes: number
  /** 10^9 operations or bytes of one dispatch. */
  readonly work: number
}

async function roof(device: GPUDevice, code: string, { groups, bytes, work }: Loop): Promise<Spread> {
  const module = device.createShaderModule({ code })
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } })
  const buffer = device.createBuffer({ size: bytes, usage: STORAGE | COPY_DST })
  device.queue.writeBuffer(buffer, 0, new Float32Array(256).fill(0.5))
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  })
  const seconds = async (dispatches: number): Promise<number> => {
    const start = performance.now()
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    for (let n = 0; n < dispatches; n++) pass.dispatchWorkgroups(groups)
    pass.end()
    device.queue.submit([encoder.finish()])
    await device.queue.onSubmittedWorkDone()
    return (performance.now() - start) / 1000
  }
  let dispatches = 1
  while ((await seconds(dispatches)) < LONG && dispatches < 4096) dispatches *= 2
  const times: number[] = []
  for (let n = 0; n < RUNS; n++) times.push(await seconds(dispatches))
  buffer.destroy()
  return rateOf(work * dispatches, spread(times))
}

function chains(line: (i: number) => string, between = ' '): string {
  return Array.from({ length: ADDS }, (_, i) => line(i)).join(between)
}
