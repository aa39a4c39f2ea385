// Holds a checkpoint against what its config.json asks for, before anything is loaded: everything missing or mis-shaped
// in one error, so that a wrong config shows at once and not one tensor a run; what is there beyond that in one warning.
import type { ModelConfig } from '../config/model-config.ts'
import { listed, quote } from '../config/quote.ts'
import { expectedWeights } from '../config/weight-names.ts'
import { SailError } from '../errors.ts'
import type { Checkpoint } from './checkpoint.ts'

/** What is wrong, one line a tensor; empty when all is well. */
export function weightFaults(config: ModelConfig, checkpoint: Pick<Checkpoint, 'tensors' | 'others'>): string[] {
  const faults: string[] = []
  for (const [name, shape] of expectedWeights(config)) {
    const tensor = checkpoint.tensors.get(name)
    const other = checkpoint.others.get(name)
    if (other !== undefined) faults.push(`${quote(name)} is ${other.dtype}, should be F64, F32, F16 or BF16`)
    else if (tensor === undefined) faults.push(`${quote(name)} is missing`)
    else if (tensor.shape.length !== shape.length || tensor.shape.some((d, i) => d !== shape[i])) {
      faults.push(`${quote(name)} is (${tensor.shape.join(', ')}), should be (${shape.join(', ')})`)
    }
  }
  return faults
}

/**
 * @param file the checkpoint's folder, for the error
 * @returns a warning that names the tensors nothing will use, null when there are none
 * @throws SailError E_WEIGHTS_MISMATCH that lists every missing and every mis-shaped tensor
 */
export function checkWeights(
  config: ModelConfig,
  checkpoint: Pick<Checkpoint, 'tensors' | 'others'>,
  file: string,
): string | null {
  const faults = weightFaults(config, checkpoint)
  if (faults.length > 0) {
    throw new SailError('E_WEIGHTS_MISMATCH', {
      file,
      expected: 'the tensors that config.json asks for',
      found: `${faults.length} faults: ${listed(faults, 400, '; ')}`,
      hint: 'config.json and weights must be of the same checkpoint',
    })
  }
  return unexpectedWeights(config, checkpoint)
}

/** The warning of `checkWeights`. Rotary buffers and a tied head's copy are known to be harmless. */
export function unexpectedWeights(
  config: ModelConfig,
  checkpoint: Pick<Checkpoint, 'tensors' | 'others'>,
): string | null {
  const expected = expectedWeights(config)
  const unused = [...checkpoint.tensors.keys(), ...checkpoint.others.keys()].filter((name) => !expected.has(name))
  const isBuffer = (name: string): boolean => /(^|\.)rotary_emb\.inv_freq$/.test(name)
  const isCopy = (name: string): boolean => config.tied && name === 'lm_head.weight'
  const buffers = unused.filter(isBuffer)
  const copies = unused.filter(isCopy)
  const unknown = unused.filter((name) => !isBuffer(name) && !isCopy(name))
  const parts = [
    unknown.length > 0 ? `not used: ${listed(unknown.map((name) => quote(name)))}` : '',
    buffers.length > 0
      ? `not used, and harmless (rotary buffers that older versions saved): ${listed(
          buffers.map((name) => quote(name)),
          4,
        )}`
      : '',
    copies.length > 0 ? 'not used, and harmless (the head is tied to the embedding): "lm_head.weight"' : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? null : `tensors in the checkpoint that are ${parts.join('; ')}`
}
