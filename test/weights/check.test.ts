import { describe, expect, test } from 'vitest'
import { checkWeights } from '../../src/weights/check.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import type { Folder } from '../../src/weights/folder.ts'
import { inspectCheckpoint } from '../../src/weights/inspect.ts'
import { readConfig } from '../../src/weights/read-config.ts'
import { configText } from '../config/configs.ts'
import { fileWith, folderOf, type TestTensor } from './files.ts'
import { modelTensors } from './model.ts'

describe('a whole model', () => {
  const tensors = modelTensors()
  const folder = (
    changed: Record<string, TestTensor | undefined> = {},
    config: Record<string, unknown> = {},
  ): Folder => {
    const all = Object.entries({ ...tensors, ...changed }).filter(
      (entry): entry is [string, TestTensor] => entry[1] !== undefined,
    )
    return folderOf({
      'model.safetensors': fileWith(Object.fromEntries(all)),
      'config.json': configText(config),
      'generation_config.json': '{"eos_token_id":7}',
    })
  }
  const check = async (from: Folder): Promise<string | null> => {
    const checkpoint = await openCheckpoint(from)
    return checkWeights(await readConfig(from, checkpoint.tensors.has('model.vis_embed.weight')), checkpoint, 'm')
  }

  test('passes the check, and takes eos from generation_config.json', async () => {
    expect(await check(folder())).toBe(null)
    expect((await readConfig(folder(), true)).eosIds).toEqual([7])
  })

  test('shows every missing, mis-shaped and mis-typed tensor in one error', async () => {
    const broken = folder({
      'model.norm.weight': undefined,
      'lm_head.weight': { ...tensors['lm_head.weight'], shape: [16, 10] },
      'model.layers.1.mlp.up_proj.weight': { dtype: 'I8', shape: [24, 16], data: new Uint8Array(24 * 16) },
      'model.layers.0.self_attn.q_proj.weight': undefined,
    })
    const error = await check(broken).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'E_WEIGHTS_MISMATCH', file: 'm' })
    const { found } = error as { found: string }
    expect(found).toBe(
      '4 faults: "model.layers.0.self_attn.q_proj.weight" is missing; "model.layers.1.mlp.up_proj.weight" is I8, should be F64, F32, F16 or BF16; ' +
        '"model.norm.weight" is missing; "lm_head.weight" is (16, 10), should be (10, 16)',
    )
  })

  test('bounds the error of a config with far too many layers', async () => {
    const error = await check(folder({}, { num_hidden_layers: 1024 })).catch((e: unknown) => e)
    expect((error as { found: string }).found).toMatch(/^9198 faults: .* and 8798 more$/)
  })

  test('warns once of tensors that nothing uses, and calls rotary buffers harmless', async () => {
    const inv = { dtype: 'F32', shape: [4], data: new Uint8Array(16) }
    const warning = await check(
      folder({ 'model.layers.0.self_attn.rotary_emb.inv_freq': inv, extra: inv, ids: { ...inv, dtype: 'I32' } }),
    )
    expect(warning).toBe(
      'tensors in the checkpoint that are not used: "extra", "ids"; not used, and harmless (rotary buffers that older versions saved): "model.layers.0.self_attn.rotary_emb.inv_freq"',
    )
    expect(await check(folder({}, { tie_word_embeddings: true }))).toContain('harmless (the head is tied')
  })

  test('is inspected without faults', async () => {
    const { problems, warnings, config, tensors: listed, cacheBytesPerToken } = await inspectCheckpoint(folder())
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
    expect(config?.dims.D).toBe(16)
    expect(listed.map(({ name }) => name)).toEqual(Object.keys(tensors).sort())
    expect(cacheBytesPerToken).toBe(2 * 2 * 1 * 8 * 4)
  })

  test('is inspected with everything that is wrong at once', async () => {
    const codes = async (from: Folder): Promise<string[]> =>
      (await inspectCheckpoint(from)).problems.map(({ code }) => code)
    expect(await codes(folder({ 'model.norm.weight': undefined, 'lm_head.weight': undefined }))).toEqual([
      'E_WEIGHTS_MISMATCH',
      'E_WEIGHTS_MISMATCH',
    ])
    expect(await codes(folder({}, { hidden_act: 'gelu' }))).toEqual(['E_CONFIG_ACTIVATION'])
    expect(await codes(folderOf({ 'config.json': '{}' }))).toEqual(['E_WEIGHTS_NONE', 'E_CONFIG_ARCHITECTURE'])
    expect(await codes(folderOf({ 'model.safetensors': 'rubbish!', 'config.json': configText() }))).toEqual([
      'E_SAFETENSORS_HEADER_LARGE',
    ])
    expect(await codes(folderOf({}))).toEqual(['E_WEIGHTS_NONE', 'E_FILE_MISSING'])
  })
})
