// Whether `auto` takes a GPU. A small model answers on wasm before a GPU has compiled its kernels, so nothing is even asked
// below LARGE bytes; a software adapter is the same processor, slower; and whoever asks for what only wasm has, such as
// integer activations, gets wasm. Adapters are believed by value: one must multiply as it should before it is chosen.
import type { LoadOptions } from '../api.ts'
import type { WeightSource } from '../backends/backend.ts'
import { probeGpu } from '../backends/webgpu/probe.ts'
import { SailError } from '../errors.ts'
import { sizeOf } from '../tensor.ts'
import { bytesOf as bytesOfDtype } from '../weights/formats/convert.ts'
import { type ChosenBackend, type Hosts, shaders } from './choose-backend.ts'
import type { LoadSettings } from './load-options.ts'

/** Bytes of a checkpoint from which a GPU is worth its start. */
const LARGE = 512e6

/** What `auto` ends with, once the checkpoint is open: what was chosen before, or webgpu. Both say why. */
export async function preferGpu(
  chosen: ChosenBackend,
  checkpoint: WeightSource,
  settings: LoadSettings,
  { activations = 'f32' }: Pick<LoadOptions, 'activations'>,
  hosts: Hosts,
): Promise<ChosenBackend> {
  if (settings.backend !== 'auto' || chosen.backend.name !== 'wasm' || bytesOf(checkpoint) < LARGE) return chosen
  try {
    const gpu = shaders({ ...settings, activations }, hosts)
    const name = await probeGpu(hosts.gpu)
    return { ...gpu, notes: [`backend auto: webgpu, since the model is large and there is a GPU (${name})`] }
  } catch (error) {
    if (!(error instanceof SailError)) throw error
    return { ...chosen, notes: [...chosen.notes, `backend auto: wasm, not webgpu: ${error.message}`] }
  }
}

function bytesOf({ tensors }: WeightSource): number {
  return [...tensors.values()].reduce((sum, { dtype, shape }) => sum + sizeOf(shape) * bytesOfDtype(dtype), 0)
}
