// Whether the adapter of the tests has shader-f16, asked once a test file, and halves in and out of kernels under test.
import { expect } from 'vitest'
import { findAdapter } from '../../src/backends/webgpu/gpu/adapter.ts'
import type { Gpu } from '../../src/backends/webgpu/gpu/gpu.ts'
import { openDevice } from '../../src/backends/webgpu/gpu/open-device.ts'
import type { Kernel } from '../../src/backends/webgpu/kernels/kernel.ts'
import { nodeGpuHost } from '../../src/node/gpu-host.ts'
import { narrow, widen } from '../kernels/twins/f16.ts'
import { noGpu } from '../support/software-gpu.ts'
import { type Call, runGuarded } from './device.ts'

/** Why there is no f16 here; '' when there is. */
export const noF16 = noGpu === '' ? await whyNot() : noGpu

/** What a skipped suite adds to its name. */
export const skippedF16 = noF16 === '' ? '' : ` (skipped: ${noF16})`

async function whyNot(): Promise<string> {
  const { adapter, name } = await findAdapter(nodeGpuHost)
  return adapter.features.has('shader-f16') ? '' : `no shader-f16 on ${name}`
}

export async function halfDevice(): Promise<Gpu> {
  return openDevice(await findAdapter(nodeGpuHost), { f16: true })
}

/** Whole words of f16. */
export function halves(values: Float32Array): Uint16Array {
  const words = new Uint16Array(Math.ceil(values.length / 2) * 2)
  words.set(Uint16Array.from(values, narrow))
  return words
}

/** The `out` halves that a kernel writes; the half behind an odd number of them is unchanged, and nothing was beyond f16. */
export async function runHalves(gpu: Gpu, kernel: Kernel, call: Call): Promise<Float32Array> {
  const { values, flag } = await runGuarded(gpu, kernel, { ...call, out: Math.ceil(call.out / 2) })
  expect(flag).toBe(0xffffffff)
  const bits = new Uint16Array(values.buffer, 0, values.length * 2)
  const untouched = new Uint16Array(Float32Array.of(12345.5).buffer)[1]
  if (call.out % 2 === 1) expect(bits[call.out]).toBe(untouched)
  return Float32Array.from(bits.subarray(0, call.out), widen)
}

/**
 * What an f32 op gives, rounded to f16: WGSL may take the neighbour on either side, so up to one unit, 2^-10 of the value or
 * 2^-24 below the normal numbers; and what the op itself may be off by in f32.
 */
export function expectRounded(got: Float32Array, want: Float32Array, ofOp: (i: number) => number): void {
  expect(got.length).toBe(want.length)
  for (const [i, value] of want.entries()) {
    const limit = 2 ** -10 * Math.abs(value) + 2 ** -24 + ofOp(i)
    if (!(Math.abs(got[i] - value) <= limit)) expect.fail(`[${i}]: ${got[i]} for ${value}`)
  }
}
