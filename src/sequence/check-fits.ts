// Does a sequence fit the model: every id has a row in the embedding table, every position is one the model knows.
import type { ModelConfig } from '../config/model-config.ts'
import { SailError } from '../errors.ts'
import type { Sequence } from './sequence.ts'

/** @throws SailError E_SEQUENCE_ID, E_SEQUENCE_TOO_LONG (by the largest position id: an image costs max(GH, GW)) */
export function checkFits(
  { ids, positions }: Pick<Sequence, 'ids' | 'positions'>,
  { dims, maxPositions }: Pick<ModelConfig, 'dims' | 'maxPositions'>,
): void {
  const bad = ids.findIndex((id) => !(id >= 0 && id < dims.V))
  if (bad >= 0)
    throw new SailError('E_SEQUENCE_ID', {
      place: `token ${bad} of the sequence`,
      expected: `an id from 0 to ${dims.V - 1}, rows of the embedding table`,
      found: String(ids[bad]),
      hint: 'tokenizer.json and config.json (vocab_size) are of different checkpoints',
    })
  const last = positions.reduce((max, position) => Math.max(max, position), -1)
  if (!(last < maxPositions))
    throw new SailError('E_SEQUENCE_TOO_LONG', {
      place: 'prompt',
      expected: `positions below ${maxPositions} (max_position_embeddings)`,
      found: `${last} for ${ids.length} tokens`,
      hint: 'shorten the prompt',
    })
}
