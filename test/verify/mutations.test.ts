// Proof that verification bites: a mistake put into one stage of a dump is found at that stage and nowhere before. Both
// kinds: a single wrong tensor, and a whole run of a port that makes the mistake, where everything behind it follows.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Sail } from '../../src/node.ts'
import { i64, type Tensor, u8 } from '../../src/tensor.ts'
import { firstFailure } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { copyOf, type Dump, dumpBytes, dumpOf, floats, goldenOf, readDump, swapRows } from '../support/dumps.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const folder = `${root}golden/cases/`
const model = `${folder}models/tiny-a`
const image = `${folder}images/noise-40x26.png`

let sail: Sail
let golden: Dump
beforeAll(async () => {
  sail = await Sail.load(model)
  golden = await readDump(`${folder}tiny-a-image.f32.safetensors`)
})
afterAll(() => sail.close())

async function failureOf(dump: Dump): Promise<string | null> {
  const report = await verify(sail, await goldenOf(dump), { image, freeRunning: false })
  return firstFailure(report)?.name ?? null
}

/** What is first found wrong after `change` was made to PyTorch's dump. */
async function mutated(change: (dump: Dump) => void): Promise<string | null> {
  const dump = copyOf(golden)
  change(dump)
  return failureOf(dump)
}

const one = (name: string, index: number, value: (old: number) => number) => (dump: Dump) => {
  const { data } = floats(dump, name)
  data[index] = value(data[index])
}

function scale(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] *= factor
}

/** (S, S), as far as the queries see with a causal mask. */
function causal({ shape, data }: Tensor): void {
  const visible = data as Uint8Array
  for (let query = 0; query < shape[0]; query++) visible.fill(0, query * shape[1] + query + 1, (query + 1) * shape[1])
}

test("PyTorch's own dump passes", async () => {
  expect(await failureOf(golden)).toBeNull()
})

describe('one wrong tensor in the dump is found at its stage', () => {
  test('a pixel of the decoded image', async () => {
    expect(await mutated(({ tensors }) => (tensors.get('image.rgb')!.data as Uint8Array).set([1], 100))).toBe(
      'image.rgb',
    )
  })
  test('two patches exchanged', async () => {
    expect(await mutated(({ tensors }) => swapRows(tensors.get('patches')!, 0, 3))).toBe('patches')
  })
  test('GH and GW exchanged', async () => {
    expect(await mutated(({ tensors }) => tensors.get('grid')!.data.reverse())).toBe('grid')
  })
  test('h and w exchanged', async () => {
    expect(await mutated(({ tensors }) => swapRows(tensors.get('position_ids')!, 1, 2))).toBe('position_ids')
  })
  test('a causal mask', async () => {
    expect(await mutated(({ tensors }) => causal(tensors.get('mask')!))).toBe('mask')
  })
  test('a causal mask of the prefix pass alone', async () => {
    expect(await mutated(({ tensors }) => causal(tensors.get('prefix.mask')!))).toBe('prefix.mask')
  })
  test('a text mask that is one key off', async () => {
    const shifted = ({ tensors }: Dump) => {
      const { shape, data } = tensors.get('text.mask')!
      data.fill(0 as never, shape[1] - shape[0], shape[1] - shape[0] + 1)
    }
    expect(await mutated(shifted)).toBe('text.mask')
  })
  test('a prefix without </vision>', async () => {
    expect(await mutated(({ tensors }) => tensors.get('prefix_len')!.data.fill(7n as never))).toBe('prefix_len')
  })
  test('a norm scaled by 1.001', async () => {
    for (const name of ['prefix.layers.1.attn_norm', 'text.layers.0.mlp_norm', 'text.final_norm'])
      expect(await mutated((dump) => scale(floats(dump, name).data, 1.001))).toBe(name)
  })
  test('attention weights without 1 / sqrt(E)', async () => {
    expect(await mutated((dump) => unscaled(dump, 'prefix.layers.0'))).toBe('prefix.layers.0.attn_weights')
  })
  test('one id, or one that no vocabulary has', async () => {
    const set = (name: string, at: number, id: bigint) => (dump: Dump) => {
      dump.tensors.get(name)!.data[at] = id as never
    }
    expect(await mutated(set('input_ids', 12, 5n))).toBe('input_ids')
    expect(await mutated(set('input_ids', 12, 1n << 40n))).toBe('input_ids')
    expect(await mutated(set('generated_ids', 3, 9n))).toBe('generated_ids')
    expect(await mutated(set('generated_ids', 3, -1n))).toBe('generated_ids')
    expect(await mutated(set('vision_patch_indices', 2, 99n))).toBe('vision_patch_indices')
    expect(await mutated(set('position_ids', 5, -3n))).toBe('position_ids')
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
    expect(await mutated(nothing('generated_ids'))).toBe('generated_ids')
    expect(await mutated(nothing('step_logits'))).toBe('step_logits')
  })
  test('an id too few', async () => {
    const cut = ({ tensors }: Dump) => {
      const { data } = tensors.get('generated_ids')!
      tensors.set('generated_ids', i64([data.length - 1], Array.from(data.slice(0, -1), Number)))
    }
    expect(await mutated(cut)).toBe('generated_ids')
  })
  test('a row of step_logits', async () => {
    expect(await mutated((dump) => swapRows(floats(dump, 'step_logits'), 2, 3))).toBe('step_logits')
  })
  test('two features exchanged', async () => {
    expect(await mutated((dump) => swapRows(floats(dump, 'vision_features'), 0, 1))).toBe('vision_features')
  })
  test('a wrong dtype', async () => {
    const widened = ({ tensors }: Dump) =>
      tensors.set('prefix.layers.0.q', { dtype: 'F64', shape: [8, 128], data: new Float64Array(1024) })
    expect(await mutated(widened)).toBe('prefix.layers.0.q')
    expect(await mutated(({ tensors }) => tensors.set('mask', i64([1, 1], [1])))).toBe('mask')
  })
  test('a wrong shape', async () => {
    const turned = ({ tensors }: Dump) => {
      const tensor = floats({ tensors, metadata: new Map() }, 'prefix.layers.0.gate')
      tensors.set('prefix.layers.0.gate', { ...tensor, shape: tensor.shape.toReversed() })
    }
    expect(await mutated(turned)).toBe('prefix.layers.0.gate')
    expect(await mutated(({ tensors }) => tensors.set('image.rgb', u8([0, 4, 3], new Uint8Array())))).toBe('image.rgb')
  })
  test('a layer that the model does not have', async () => {
    const extra = ({ tensors }: Dump) => tensors.set('prefix.layers.7.out', tensors.get('prefix.layers.0.out')!)
    expect(await mutated(extra)).toBe('prefix.layers.7.out')
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
    expect(await mutated(one(name, at, () => Number.NaN))).toBe(name)
    expect(await mutated(one(name, at, () => Number.NEGATIVE_INFINITY))).toBe(name)
    expect(await mutated(one(name, at, (x) => x + 1e-2))).toBe(name)
  })
})

describe('a run that makes the mistake is found where it makes it', () => {
  const question = () => ({ image, prompt: golden.metadata.get('prompt')! })
  const prepare = () => sail.prepare(question())

  test('without a mistake nothing is found', async () => {
    expect(await failureOf(await dumpOf(sail, await prepare(), golden.metadata))).toBeNull()
  })
  test('two patches exchanged', async () => {
    const prepared = await prepare()
    const patches = { ...prepared.patches!, data: prepared.patches!.data.slice() }
    swapRows(patches, 0, 3)
    expect(await failureOf(await dumpOf(sail, { ...prepared, patches }, golden.metadata))).toBe('patches')
  })
  test('h and w exchanged', async () => {
    const prepared = await prepare()
    const T = prepared.ids.length
    const positions = Int32Array.from(
      prepared.positions,
      (_, i) => prepared.positions[i < T ? i : i < 2 * T ? i + T : i - T],
    )
    expect(await failureOf(await dumpOf(sail, { ...prepared, positions }, golden.metadata))).toBe('position_ids')
  })
  test('a causal prefix', async () => {
    const prepared = await prepare()
    const passes = prepared.passes.map((pass) => ({ ...pass, mask: { kind: 'causal', window: null } as const }))
    const dump = await dumpOf(sail, { ...prepared, passes }, golden.metadata)
    expect(await failureOf(dump)).toBe('prefix.mask')
    dump.tensors.delete('prefix.mask')
    expect(await failureOf(dump)).toBe('prefix.layers.0.attn_weights')
    causal(dump.tensors.get('mask')!)
    expect(await failureOf(dump)).toBe('mask')
  })
  test('the norm of one layer scaled by 1.001', async () => {
    const port = await portWith((dump) => scale(floats(dump, 'model.layers.1.input_layernorm.weight').data, 1.001))
    expect(await failureOf(await dumpOf(port, await prepare(), golden.metadata))).toBe('prefix.layers.1.attn_norm')
    await port.close()
  })
  test('the patch in place of the embedding of <vpatch>', async () => {
    const { ids, patchIndices } = await prepare()
    const port = await portWith((dump) => {
      const { shape, data } = floats(dump, 'model.embed_tokens.weight')
      const id = ids[patchIndices.indexOf(0)]
      data.fill(0, id * shape[1], (id + 1) * shape[1])
    })
    expect(await failureOf(await dumpOf(port, await prepare(), golden.metadata))).toBe('prefix.embed')
    await port.close()
  })
  test('frequencies that follow the wrong axis', async () => {
    const { E } = sail.config.dims
    const port = await portWith(() => {}, { mrope_section: [E / 4, 0, E / 4] })
    expect(port.config.ropeSections).toEqual([E / 4, 0, E / 4])
    expect(await failureOf(await dumpOf(port, await prepare(), golden.metadata))).toBe('prefix.rope.cos')
    await port.close()
  })
  test('another rms_norm_eps', async () => {
    const port = await portWith(() => {}, { rms_norm_eps: 1e-3 })
    expect(await failureOf(await dumpOf(port, await prepare(), golden.metadata))).toBe('prefix.layers.0.attn_norm')
    await port.close()
  })
})

/** The model with changed weights or a changed config. */
async function portWith(change: (weights: Dump) => void, config: object = {}): Promise<Sail> {
  const weights = await readDump(`${model}/model.safetensors`)
  change(weights)
  const text = (name: string) => readFileSync(`${model}/${name}`, 'utf8')
  const files: [string, string | Uint8Array][] = [
    ['config.json', JSON.stringify({ ...JSON.parse(text('config.json')), ...config })],
    ['generation_config.json', text('generation_config.json')],
    ['tokenizer.json', text('tokenizer.json')],
    ['model.safetensors', await dumpBytes(weights)],
  ]
  return Sail.load(new Map(files.map(([name, content]) => [name, new Blob([content as string])])))
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
