// One wrong tensor in a dump of PyTorch, found at its stage and nowhere before: for every backend.
import { describe, expect, test } from 'vitest'
import type { Sail } from '../../src/node.ts'
import { i64, u8 } from '../../src/tensor.ts'
import { type Dump, floats, swapRows } from '../support/dumps.ts'
import { causal, failureOf, golden, mutated, scale } from './mistakes.ts'

/** @param sail the small model on the backend that is to find them */
export function wrongTensors(sail: () => Sail): void {
  test("PyTorch's own dump passes", async () => {
    expect(await failureOf(sail(), golden)).toBeNull()
  })

  describe('one wrong tensor in the dump is found at its stage', () => {
    test('a pixel of the decoded image', async () => {
      expect(await mutated(sail(), ({ tensors }) => (tensors.get('image.rgb')!.data as Uint8Array).set([1], 100))).toBe(
        'image.rgb',
      )
    })
    test('two patches exchanged', async () => {
      expect(await mutated(sail(), ({ tensors }) => swapRows(tensors.get('patches')!, 0, 3))).toBe('patches')
    })
    test('GH and GW exchanged', async () => {
      expect(await mutated(sail(), ({ tensors }) => tensors.get('grid')!.data.reverse())).toBe('grid')
    })
    test('h and w exchanged', async () => {
      expect(await mutated(sail(), ({ tensors }) => swapRows(tensors.get('position_ids')!, 1, 2))).toBe('position_ids')
    })
    test('a causal mask', async () => {
      expect(await mutated(sail(), ({ tensors }) => causal(tensors.get('mask')!))).toBe('mask')
    })
    test('a causal mask of the prefix pass alone', async () => {
      expect(await mutated(sail(), ({ tensors }) => causal(tensors.get('prefix.mask')!))).toBe('prefix.mask')
    })
    test('a text mask that is one key off', async () => {
      const shifted = ({ tensors }: Dump) => {
        const { shape, data } = tensors.get('text.mask')!
        data.fill(0 as never, shape[1] - shape[0], shape[1] - shape[0] + 1)
      }
      expect(await mutated(sail(), shifted)).toBe('text.mask')
    })
    test('a prefix without </vision>', async () => {
      expect(await mutated(sail(), ({ tensors }) => tensors.get('prefix_len')!.data.fill(7n as never))).toBe(
        'prefix_len',
      )
    })
    test('a norm scaled by 1.001', async () => {
      for (const name of ['prefix.layers.1.attn_norm', 'text.layers.0.mlp_norm', 'text.final_norm'])
        expect(await mutated(sail(), (dump) => scale(floats(dump, name).data, 1.001))).toBe(name)
    })
    test('attention weights without 1 / sqrt(E)', async () => {
      expect(await mutated(sail(), (dump) => unscaled(dump, 'prefix.layers.0'))).toBe('prefix.layers.0.attn_weights')
    })
    test('one id, or one that no vocabulary has', async () => {
      const set = (name: string, at: number, id: bigint) => (dump: Dump) => {
        dump.tensors.get(name)!.data[at] = id as never
      }
      expect(await mutated(sail(), set('input_ids', 12, 5n))).toBe('input_ids')
      expect(await mutated(sail(), set('input_ids', 12, 1n << 40n))).toBe('input_ids')
      expect(await mutated(sail(), set('generated_ids', 3, 9n))).toBe('generated_ids')
      expect(await mutated(sail(), set('generated_ids', 3, -1n))).toBe('generated_ids')
      expect(await mutated(sail(), set('vision_patch_indices', 2, 99n))).toBe('vision_patch_indices')
      expect(await mutated(sail(), set('position_ids', 5, -3n))).toBe('position_ids')
    })
    test('a billion ids or rows of nothing, at once', async () => {
      const nothing = (name: string) => (dump: Dump) => {
        if (name === 'step_logits') dump.tensors.delete('generated_ids')
        dump.tensors.set(
          name,
          name === 'step_logits'
            ? { ...floats(dump, name), shape: [1e9, 0], data: new Float32Array(0) }
            : i64([1e9, 0], []),
        )
      }
      expect(await mutated(sail(), nothing('generated_ids'))).toBe('generated_ids')
      expect(await mutated(sail(), nothing('step_logits'))).toBe('step_logits')
    })
    test('an id too few', async () => {
      const cut = ({ tensors }: Dump) => {
        const { data } = tensors.get('generated_ids')!
        tensors.set('generated_ids', i64([data.length - 1], Array.from(data.slice(0, -1), Number)))
      }
      expect(await mutated(sail(), cut)).toBe('generated_ids')
    })
    test('a row of step_logits', async () => {
      expect(await mutated(sail(), (dump) => swapRows(floats(dump, 'step_logits'), 2, 3))).toBe('step_logits')
    })
    test('two features exchanged', async () => {
      expect(await mutated(sail(), (dump) => swapRows(floats(dump, 'vision_features'), 0, 1))).toBe('vision_features')
    })
    test('a wrong dtype', async () => {
      const widened = ({ tensors }: Dump) =>
        tensors.set('prefix.layers.0.q', { dtype: 'F64', shape: [8, 128], data: new Float64Array(1024) })
      expect(await mutated(sail(), widened)).toBe('prefix.layers.0.q')
      expect(await mutated(sail(), ({ tensors }) => tensors.set('mask', i64([1, 1], [1])))).toBe('mask')
    })
    test('a wrong shape', async () => {
      const turned = ({ tensors }: Dump) => {
        const tensor = floats({ tensors, metadata: new Map() }, 'prefix.layers.0.gate')
        tensors.set('prefix.layers.0.gate', { ...tensor, shape: tensor.shape.toReversed() })
      }
      expect(await mutated(sail(), turned)).toBe('prefix.layers.0.gate')
      expect(await mutated(sail(), ({ tensors }) => tensors.set('image.rgb', u8([0, 4, 3], new Uint8Array())))).toBe(
        'image.rgb',
      )
    })
    test('a layer that the model does not have', async () => {
      const extra = ({ tensors }: Dump) => tensors.set('prefix.layers.7.out', tensors.get('prefix.layers.0.out')!)
      expect(await mutated(sail(), extra)).toBe('prefix.layers.7.out')
    })

    test.each([
      'patches',
      'prefix.embed',
      'prefix.rope.sin',
      'prefix.layers.0.attn_norm',
      'prefix.layers.0.k_rope',
      'prefix.layers.1.attn_weights',
      'prefix.layers.1.act',
      'prefix.layers.1.out',
      'prefix.logits',
      'vision_features',
      'text.embed',
      'text.layers.0.v',
      'text.layers.1.attn_heads',
      'text.logits',
      'step_logits',
    ])('a NaN, an infinity or one wrong element of %s', async (name) => {
      const at = Math.floor(floats(golden, name).data.length / 2)
      expect(
        await mutated(
          sail(),
          one(name, at, () => Number.NaN),
        ),
      ).toBe(name)
      expect(
        await mutated(
          sail(),
          one(name, at, () => Number.NEGATIVE_INFINITY),
        ),
      ).toBe(name)
      expect(
        await mutated(
          sail(),
          one(name, at, (x) => x + 1e-2),
        ),
      ).toBe(name)
    })
  })
}

const one = (name: string, index: number, value: (old: number) => number) => (dump: Dump) => {
  const { data } = floats(dump, name)
  data[index] = value(data[index])
}

/** Replaces attn_weights by the softmax of the scores without 1 / sqrt(E). */
function unscaled(dump: Dump, layer: string): void {
  const [q, k, weights] = ['q_rope', 'k_rope', 'attn_weights'].map((name) => floats(dump, `${layer}.${name}`))
  const [H, S, K] = weights.shape
  const E = q.shape[2]
  for (let h = 0; h < H; h++)
    for (let s = 0; s < S; s++) {
      const g = Math.floor((h * k.shape[0]) / H)
      const scores = Array.from({ length: K }, (_, key) => {
        let dot = 0
        for (let e = 0; e < E; e++) dot += q.data[(h * S + s) * E + e] * k.data[(g * K + key) * E + e]
        return dot
      })
      const most = Math.max(...scores)
      const sum = scores.reduce((total, score) => total + Math.exp(score - most), 0)
      weights.data.set(
        scores.map((score) => Math.exp(score - most) / sum),
        (h * S + s) * K,
      )
    }
}
