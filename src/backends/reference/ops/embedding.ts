// gather: out[s] = table[ids[s]], the embedding of each token.                                                  (S, D)
// scatterAdd: out[s] = input[s] + rows[patchIndices[s]], for tokens that are a patch (index not -1).             (S, D)
// lastRow: the row of the last token, all that choosing the next one needs.                                      (1, D)
import type { Numerics } from '../numerics.ts'
import { rowsOf, type StoredWeight } from '../stored-weight.ts'
import type { Work } from '../work.ts'

export function* gather(out: Float32Array, ids: Int32Array, table: StoredWeight): Work {
  const D = table.shape[1]
  const scratch = new Float32Array(D)
  for (let s = 0; s < ids.length; s++) {
    out.set(rowsOf(table, ids[s], ids[s] + 1, scratch), s * D)
    yield
  }
}

export function* scatterAdd(
  out: Float32Array,
  input: Float32Array,
  rows: Float32Array,
  patchIndices: Int32Array,
  { result }: Numerics,
): Work {
  const S = patchIndices.length
  const D = input.length / S
  out.set(input)
  for (let s = 0; s < S; s++) {
    const patch = patchIndices[s]
    if (patch === -1) continue
    for (let d = 0; d < D; d++) out[s * D + d] = result(input[s * D + d] + rows[patch * D + d])
    yield
  }
}

export function* lastRow(out: Float32Array, input: Float32Array): Work {
  out.set(input.subarray(input.length - out.length))
  yield
}
