// Which exit code an error stands for. Scripts rely on these numbers; the error's own code says the rest.
import { SailError } from '../errors.ts'

/** Faults of the machine and of what is built in, rather than of the input: exit 3. */
const notPossibleHere = new Set([
  'E_BACKEND_UNAVAILABLE',
  'E_BACKEND_NO_ADAPTER',
  'E_BACKEND_SIZES',
  'E_GPU_F16_OVERFLOW',
  'E_GPU_INVALID',
  'E_GPU_LOST',
  'E_GPU_VALUE_SIZE',
  'E_KERNELS_MISSING',
  'E_KERNELS_UNAVAILABLE',
  'E_MEMORY',
  'E_MEMORY_SHARD',
  'E_MEMORY_SHORT',
  'E_OPTION_UNAVAILABLE',
  'E_WEIGHTS_FORMAT_UNSUPPORTED',
])

export function exitCodeOf(error: unknown): 2 | 3 {
  return error instanceof SailError && notPossibleHere.has(error.code) ? 3 : 2
}
