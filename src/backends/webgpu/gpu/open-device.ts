// From an adapter to a device with all of it that the kernels use: the largest buffers, and subgroups where there are any.
import { SailError } from '../../../errors.ts'
import type { FoundAdapter } from './adapter.ts'
import { Gpu } from './gpu.ts'
import { tune } from './tuning.ts'

export interface DeviceWishes {
  /** Most bytes of a buffer, if less than the adapter allows. */
  readonly bindingBytes?: number
  /** Whether the device should tell times, where it can. */
  readonly timestamps?: boolean
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
