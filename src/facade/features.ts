// SAIL as a vision encoder: the prefix pass alone, then final_norm at the `<vpatch>` tokens as a map,
//   features[r, c] = final_norm[token of patch (r, c)]        (GH, GW, D)
// It is the last hidden state after the last norm, which is what the paper probes.
import type { Features, Prepared, Run } from '../api.ts'
import { SailError } from '../errors.ts'
import { type F32Tensor, f32 } from '../tensor.ts'

/** Runs the first pass of `run`, which must hold nothing yet. */
export async function features(run: Run, signal?: AbortSignal): Promise<Features> {
  const { prepared } = run
  const { name } = prepared.passes[0]
  const outputs = await run.pass(name, { stages: ['final_norm'], ...(signal !== undefined && { signal }) })
  return { ...featureMap(prepared, outputs.get('final_norm')!), grid: gridOf(prepared) }
}

/** @param finalNorm (n, D), of the pass that holds the patches   @returns (GH, GW, D) */
export function featureMap(prepared: Prepared, finalNorm: F32Tensor): F32Tensor {
  const [GH, GW] = gridOf(prepared)
  const D = finalNorm.shape[1]
  const data = new Float32Array(GH * GW * D)
  for (const [token, patch] of prepared.patchIndices.entries())
    if (patch >= 0) data.set(finalNorm.data.subarray(token * D, (token + 1) * D), patch * D)
  return f32([GH, GW, D], data)
}

function gridOf({ grid }: Prepared): readonly [number, number] {
  if (grid !== null) return grid
  throw new SailError('E_FEATURES_NO_IMAGE', { file: 'features', place: 'image', expected: 'an image', found: 'none' })
}
