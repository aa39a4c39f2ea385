// The golden side of rounded weights: the reference backend on the values that they stand for (src/verify/definition.ts).
// Weights that are the checkpoint's own, in another layout, need none: the dump is the better judge of them.
import { inspect, Sail } from '../node.ts'
import type { Definition } from '../verify/definition.ts'
import type { ModelFlags } from './common-flags.ts'
import type { Notes } from './notes.ts'

/** @returns undefined where the dump itself is the golden side   @throws what loading throws; signal.reason */
export async function definitionOf(
  sail: Sail,
  { model, activations, kv, maxPatches }: ModelFlags,
  show: Notes,
  signal: AbortSignal,
): Promise<(Definition & { close(): Promise<void> }) | undefined> {
  const { backend, weights } = sail.info
  for (const [flag, value] of Object.entries({ activations, kv }))
    if (value === 'f16') show.say(`--${flag} f16 rounds more than these limits allow`)
  if (backend === 'reference' || !(await isRounded(model, weights, signal))) return undefined
  const quantised = weights === 'q8' || weights === 'q4'
  const int = quantised && (activations ?? 'int') === 'int'
  show.say(
    `weights ${weights}: held against the reference backend on the rounded weights, the dump's distance is not judged` +
      (int ? '; activations are quantised too, --activations f32 has closer limits' : ''),
  )
  const subject = await Sail.load(model, { backend: 'reference', weights, maxPatches, signal })
  return { subject, int, close: () => subject.close() }
}

/** Whether the weights differ from the checkpoint's. Of a packed folder nobody knows. */
async function isRounded(model: string, weights: Sail['info']['weights'], signal: AbortSignal): Promise<boolean> {
  if (weights === 'q8' || weights === 'q4') return true
  if (weights !== 'bf16') return false
  const { tensors, packed } = await inspect(model, { signal })
  return packed !== null || tensors.some(({ dtype }) => dtype !== 'BF16')
}
