// The whole run of a port that makes a mistake, where everything behind it follows: found where it makes it, on every backend.
import { describe, expect, test } from 'vitest'
import type { Sail } from '../../src/node.ts'
import { dumpOf, floats, swapRows } from '../support/dumps.ts'
import { causal, failureOf, golden, image, portWith, scale } from './mistakes.ts'

/** @param sail the small model on the backend that is to find them */
export function wrongRuns(sail: () => Sail): void {
  describe('a run that makes the mistake is found where it makes it', () => {
    const question = () => ({ image, prompt: golden.metadata.get('prompt')! })
    const prepare = () => sail().prepare(question())

    test('without a mistake nothing is found', async () => {
      expect(await failureOf(sail(), await dumpOf(sail(), await prepare(), golden.metadata))).toBeNull()
    })
    test('two patches exchanged', async () => {
      const prepared = await prepare()
      const patches = { ...prepared.patches!, data: prepared.patches!.data.slice() }
      swapRows(patches, 0, 3)
      expect(await failureOf(sail(), await dumpOf(sail(), { ...prepared, patches }, golden.metadata))).toBe('patches')
    })
    test('h and w exchanged', async () => {
      const prepared = await prepare()
      const T = prepared.ids.length
      const positions = Int32Array.from(
        prepared.positions,
        (_, i) => prepared.positions[i < T ? i : i < 2 * T ? i + T : i - T],
      )
      expect(await failureOf(sail(), await dumpOf(sail(), { ...prepared, positions }, golden.metadata))).toBe(
        'position_ids',
      )
    })
    test('a causal prefix', async () => {
      const prepared = await prepare()
      const passes = prepared.passes.map((pass) => ({ ...pass, mask: { kind: 'causal', window: null } as const }))
      const dump = await dumpOf(sail(), { ...prepared, passes }, golden.metadata)
      expect(await failureOf(sail(), dump)).toBe('prefix.mask')
      dump.tensors.delete('prefix.mask')
      expect(await failureOf(sail(), dump)).toBe('prefix.layers.0.attn_weights')
      causal(dump.tensors.get('mask')!)
      expect(await failureOf(sail(), dump)).toBe('mask')
    })
    test('the norm of one layer scaled by 1.001', async () => {
      const port = await portWith((dump) => scale(floats(dump, 'model.layers.1.input_layernorm.weight').data, 1.001))
      expect(await failureOf(sail(), await dumpOf(port, await prepare(), golden.metadata))).toBe(
        'prefix.layers.1.attn_norm',
      )
      await port.close()
    })
    test('the patch in place of the embedding of <vpatch>', async () => {
      const { ids, patchIndices } = await prepare()
      const port = await portWith((dump) => {
        const { shape, data } = floats(dump, 'model.embed_tokens.weight')
        const id = ids[patchIndices.indexOf(0)]
        data.fill(0, id * shape[1], (id + 1) * shape[1])
      })
      expect(await failureOf(sail(), await dumpOf(port, await prepare(), golden.metadata))).toBe('prefix.embed')
      await port.close()
    })
    test('frequencies that follow the wrong axis', async () => {
      const { E } = sail().config.dims
      const port = await portWith(() => {}, { mrope_section: [E / 4, 0, E / 4] })
      expect(port.config.ropeSections).toEqual([E / 4, 0, E / 4])
      expect(await failureOf(sail(), await dumpOf(port, await prepare(), golden.metadata))).toBe('prefix.rope.cos')
      await port.close()
    })
    test('another rms_norm_eps', async () => {
      const port = await portWith(() => {}, { rms_norm_eps: 1e-3 })
      expect(await failureOf(sail(), await dumpOf(port, await prepare(), golden.metadata))).toBe(
        'prefix.layers.0.attn_norm',
      )
      await port.close()
    })
  })
}
