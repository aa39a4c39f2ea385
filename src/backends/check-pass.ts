// The border of an engine, whatever runs behind it: what a pass brings is checked once, here; the loops trust.
import { SailError } from '../errors.ts'
import { type Graph, type PassSizes, resolveShape } from '../graph/graph.ts'
import { sizeOf } from '../tensor.ts'
import type { Pass } from './backend.ts'

/**
 * @throws SailError E_BACKEND_INPUT (ids, positions, patch indices, an input missing or too many), E_GIVEN_DTYPE and
 *   E_GIVEN_SHAPE (a value that does not fit its stage), E_BACKEND_MASK, E_BACKEND_KEEP
 */
export function checkPass(pass: Pass, vocabulary: number): PassSizes {
  const { graph, ids, positions, patchIndices, cache, mask, given } = pass
  const S = ids.length
  const P = given.get('patches')?.shape[0] ?? 0
  const sizes = { S, K: cache.length + S, P }
  expect('E_BACKEND_INPUT', 'ids', S > 0, 'at least one token', 'none')
  const wrongId = ids.find((id) => !(id >= 0 && id < vocabulary))
  expect('E_BACKEND_INPUT', 'ids', wrongId === undefined, `ids from 0 to ${vocabulary - 1}`, `${wrongId}`)
  expect('E_BACKEND_INPUT', 'positions', positions.length === 3 * S, `3 * ${S} values`, `${positions.length}`)
  const wrongPosition = positions.find((position) => position < 0)
  expect('E_BACKEND_INPUT', 'positions', wrongPosition === undefined, 'positions from 0 up', `${wrongPosition}`)
  if (graph.ops.some((op) => op.kind === 'scatterAdd')) checkPatchIndices(patchIndices, sizes)

  const { window } = mask
  const rightWindow = window === null || (mask.kind === 'causal' && Number.isInteger(window) && window > 0)
  expect('E_BACKEND_MASK', 'mask', rightWindow, 'a window from 1 up, in a causal pass only', `${mask.kind}, ${window}`)
  if (pass.keep) checkFillsCache(graph)
  checkGiven(pass, sizes)
  return sizes
}

function checkPatchIndices(patchIndices: Int32Array | undefined, { S, P }: PassSizes): void {
  const length = patchIndices?.length
  expect('E_BACKEND_INPUT', 'patchIndices', length === S, `${S} values, one a token`, `${length ?? 'none'}`)
  const wrong = patchIndices?.find((patch) => !(patch >= -1 && patch < P))
  expect('E_BACKEND_INPUT', 'patchIndices', wrong === undefined, `-1, or a patch from 0 to ${P - 1}`, `${wrong}`)
}

/** A kept pass must leave no hole: later tokens would read stale keys in the layers that were cut away. */
function checkFillsCache({ ops, sizes }: Graph): void {
  const filled = ops.filter((op) => op.kind === 'cache').length
  const found = `${filled} in the graph`
  const hint = 'cut the graph with effects, or run it with keep: false'
  expect(
    'E_BACKEND_KEEP',
    'keep',
    filled === 2 * sizes.L,
    `${2 * sizes.L} cache ops, k and v of each layer`,
    found,
    hint,
  )
}

function checkGiven({ graph, given }: Pass, sizes: PassSizes): void {
  for (const name of given.keys())
    expect(
      'E_BACKEND_INPUT',
      name,
      graph.inputs.has(name),
      `one of ${[...graph.inputs.keys()].join(', ') || 'no inputs'}`,
      name,
    )
  for (const [name, { shape: letters }] of graph.inputs) {
    const shape = resolveShape(letters, sizes)
    const tensor = given.get(name) ?? null
    const expected = `F32 (${shape.join(', ')})`
    expect('E_BACKEND_INPUT', name, tensor !== null, expected, 'nothing')
    if (tensor === null) continue
    const isF32 = tensor.dtype === 'F32' && tensor.data instanceof Float32Array
    expect('E_GIVEN_DTYPE', name, isF32, expected, tensor.dtype)
    const fits = tensor.shape.join() === shape.join() && tensor.data.length === sizeOf(shape)
    expect('E_GIVEN_SHAPE', name, fits, expected, `(${tensor.shape.join(', ')}) with ${tensor.data.length} values`)
  }
}

function expect(code: `E_${string}`, place: string, ok: boolean, expected: string, found: string, hint?: string): void {
  if (ok) return
  throw new SailError(code, { file: 'run', place, expected, found, ...(hint === undefined ? {} : { hint }) })
}
