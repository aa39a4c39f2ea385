// The border of the engine: what a pass brings is checked once, here; the loops behind it trust.
import { SailError } from '../../errors.ts'
import type { Dim, Graph } from '../../graph/graph.ts'
import { sizeOf } from '../../tensor.ts'
import type { Pass } from '../backend.ts'

/** The run-time sizes of a pass: query tokens, keys (cached + S), image patches. */
export interface PassSizes {
  readonly S: number
  readonly K: number
  readonly P: number
}

export function resolveShape(shape: readonly Dim[], sizes: PassSizes): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : sizes[dim]))
}

/** @throws SailError E_BACKEND_INPUT (ids, positions, patch indices, given values), E_BACKEND_MASK, E_BACKEND_KEEP */
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
  for (const [name, value] of graph.inputs) {
    const shape = resolveShape(value.shape, sizes)
    const tensor = given.get(name)
    const right =
      tensor?.dtype === 'F32' && tensor.shape.join() === shape.join() && tensor.data.length === sizeOf(shape)
    const found = tensor === undefined ? 'nothing' : `${tensor.dtype} (${tensor.shape.join(', ')})`
    expect('E_BACKEND_INPUT', name, right, `F32 (${shape.join(', ')})`, found)
  }
}

function expect(code: `E_${string}`, place: string, ok: boolean, expected: string, found: string, hint?: string): void {
  if (ok) return
  throw new SailError(code, { file: 'run', place, expected, found, ...(hint === undefined ? {} : { hint }) })
}
