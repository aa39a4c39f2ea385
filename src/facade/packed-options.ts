// What may be asked of a packed folder: the format it was packed in, which `exact` means here. All else would need the
// checkpoint; nothing is converted in silence.
import type { LoadOptions } from '../api.ts'
import { SailError } from '../errors.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'

/** The options with the folder's own format in place of `exact`. @throws SailError E_PACKED_FORMAT */
export function packedOptions(file: string, { packed }: Checkpoint, options: LoadOptions): LoadOptions {
  if (packed === undefined) return options
  const { weights = 'exact' } = options
  if (weights === 'exact' || weights === packed.weights) return { ...options, weights: packed.weights }
  throw new SailError('E_PACKED_FORMAT', {
    file,
    place: 'weights',
    expected: `${packed.weights}, which this folder was packed in, or exact, which means the same here`,
    found: weights,
    hint: `load the checkpoint itself, or run sail quantize --weights ${weights}`,
  })
}
