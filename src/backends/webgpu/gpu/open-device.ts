// From an adapter to a device with all of it that the kernels use: the largest buffers, subgroups where there are any, and
// shader-f16 where it was asked for and found (requireF16).
import { SailError } from '../../../errors.ts'
import type { FoundAdapter } from './adapter.ts'
import { Gpu } from './gpu.ts'
import { tune } from './tuning.ts'

export interface DeviceWishes {
  /** Most bytes of a buffer, if less than the adapter allows. */
  readonly bindingBytes?: number
  /** Whether the device should tell times, where it can. */
  readonly timestamps?: boolean
  /** Whether kernels store f16; the adapter must have shader-f16 (requireF16). */
  readonly f16?: boolean
}

/** @throws SailError E_OPTION_UNAVAILABLE */
export function requireF16({ adapter, name }: FoundAdapter): void {
  if (adapter.features.has('shader-f16')) return
  throw new SailError('E_OPTION_UNAVAILABLE', {
    file: 'Sail.load',
    place: 'activations',
    expected: 'an adapter with the feature shader-f16, which f16 needs',
    found: `none on ${name}`,
    hint: 'load with activations f32; kv f16 needs no feature',
  })
}

/** @throws SailError E_BACKEND_NO_ADAPTER */
export async function openDevice({ adapter, entry, software }: FoundAdapter, wishes: DeviceWishes = {}): Promise<Gpu> {
  const { limits, features } = adapter
  const requiredLimits = {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
  }
  const wanted: GPUFeatureName[] = ['subgroups', ...(wishes.timestamps ? ['timestamp-query' as const] : [])]
  const requiredFeatures = wanted.filter((feature) => features.has(feature))
  if (wishes.f16) requiredFeatures.push('shader-f16')
  try {
    const device = await adapter.requestDevice({ requiredLimits, requiredFeatures })
    const tuning = tune(device.limits, device.features, software)
    const { bindingBytes = tuning.bindingBytes } = wishes
    return new Gpu(device, { ...tuning, bindingBytes }, entry)
  } catch (cause) {
    throw new SailError('E_BACKEND_NO_ADAPTER', {
      file: 'Sail.load',
      place: 'backend webgpu',
      expected: 'a device of the adapter',
      found: String(cause),
      hint: 'use backend wasm',
      cause,
    })
  }
}
