// The library on the small seeded models under golden/cases: ids, texts, every stage and the order of a trace, against
// what PyTorch dumped.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { F32Tensor } from '../../src/node.ts'
import { Sail } from '../../src/node.ts'
import { f32 } from '../../src/tensor.ts'
import { root } from '../support/golden.ts'
import { type GoldenCase, readCase } from './read-case.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const folder = `${root}golden/cases/`

function relativeL2(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [error, size] = [0, 0]
  for (let i = 0; i < want.length; i++) {
    error += (got[i] - want[i]) ** 2
    size += want[i] ** 2
  }
  return Math.sqrt(error / size)
}

for (const name of ['tiny-a-image', 'tiny-a-text', 'tiny-window-image', 'text-llama'])
  describe(name, () => {
    let sail: Sail
    let golden: GoldenCase
    beforeAll(async () => {
      golden = await readCase(`${folder}${name}.f32.safetensors`)
      sail = await Sail.load(`${folder}models/${golden.metadata.model}`)
    })
    afterAll(() => sail.close())

    const question = () => ({
      prompt: golden.metadata.prompt,
      ...(golden.metadata.image !== undefined && { image: `${folder}${golden.metadata.image}` }),
    })
    const maxNewTokens = () => Number(golden.metadata.max_new_tokens)

    test("ask gives PyTorch's ids and text", async () => {
      const answer = await sail.ask(question(), { maxNewTokens: maxNewTokens() })
      expect(answer.ids).toEqual(golden.integers('generated_ids'))
      expect(answer.text).toBe(golden.metadata.response)
    })

    test('a trace of everything holds all that PyTorch dumped, in the order of the data', async () => {
      const names: string[] = []
      for await (const { name, tensor } of sail.traceStream(question(), {
        stages: ['**'],
        maxNewTokens: maxNewTokens(),
      })) {
        names.push(name)
        const want = golden.tensors.get(name)
        if (want === undefined) continue
        expect(tensor.dtype, name).toBe(want.dtype)
        expect(tensor.shape, name).toEqual(want.shape)
        // Far wider than the error and far narrower than a fault: the limits proper are verify's.
        if (want.dtype === 'F32') expect(relativeL2((tensor as F32Tensor).data, want.data), name).toBeLessThan(1e-4)
        else expect(tensor.data, name).toEqual(want.data)
      }
      expect([...golden.tensors.keys()].filter((name) => !names.includes(name))).toEqual([])
      expect(new Set(names).size).toBe(names.length)
      const at = (name: string) => names.indexOf(name)
      const order = ['input_ids', 'prefix_len', 'text.embed', 'text.mask', 'text.layers.0.out', 'text.logits']
      const end = ['step.0.embed', 'step.1.logits', 'generated_ids', 'step_logits']
      expect([...order, ...end].map(at)).toEqual([...order, ...end].map(at).sort((a, b) => a - b))
      expect(at('step.0.embed')).toBeGreaterThan(at('text.logits'))
    })
  })

describe('tiny-a with an image', () => {
  let sail: Sail
  let golden: GoldenCase
  const image = `${folder}images/noise-40x26.png`
  beforeAll(async () => {
    golden = await readCase(`${folder}tiny-a-image.f32.safetensors`)
    sail = await Sail.load(`${folder}models/tiny-a`)
  })
  afterAll(() => sail.close())

  test('features are final_norm of the patches as a map', async () => {
    const { dtype, shape, data, grid } = await sail.features(image)
    const want = golden.tensors.get('vision_features') as F32Tensor
    expect(grid).toEqual(golden.integers('grid'))
    expect([dtype, ...shape]).toEqual(['F32', ...want.shape])
    expect(relativeL2(data, want.data)).toBeLessThan(1e-5)
  })

  test('a second prompt about the image runs no prefix and gives the ids of a fresh model', async () => {
    await sail.ask({ image, prompt: 'first' }, { maxNewTokens: 3 })
    const reused = await sail.ask({ image, prompt: golden.metadata.prompt }, { maxNewTokens: 8 })
    expect(reused.timings.prefixMs).toBe(0)
    expect(reused.ids).toEqual(golden.integers('generated_ids'))
    await sail.ask({ prompt: 'no image' }, { maxNewTokens: 2 })
    const other = await sail.ask({ image, prompt: golden.metadata.prompt }, { maxNewTokens: 8 })
    expect(other.timings.prefixMs).toBeGreaterThan(0)
    expect(other.ids).toEqual(reused.ids)
  })

  test('only the passes that are needed run', async () => {
    const trace = async (...stages: string[]) => [...(await sail.trace({ image, prompt: 'x' }, { stages })).keys()]
    expect(await trace('grid', 'image.*')).toEqual(['image.rgb', 'image.resized', 'grid'])
    expect(await trace('*.layers.0.q', 'vision_features')).toEqual([
      'prefix.layers.0.q',
      'vision_features',
      'text.layers.0.q',
    ])
  })

  test('a stage of one step can be asked for', async () => {
    const trace = await sail.trace({ image, prompt: 'x' }, { stages: ['step.2.final_norm'], maxNewTokens: 5 })
    expect([...trace.keys()]).toEqual(['step.2.final_norm'])
  })

  test('a given stage replaces the computed one, in later passes too', async () => {
    const question = { image, prompt: golden.metadata.prompt }
    const name = 'prefix.layers.0.out'
    const { shape } = golden.tensors.get(name)!
    const given = { [name]: f32(shape, new Float32Array(shape[0] * shape[1])) }
    const changed = await sail.trace(question, { stages: ['*.layers.1.attn_norm', 'text.logits'], given })
    expect((changed.get('prefix.layers.1.attn_norm') as F32Tensor).data.every((x) => x === 0)).toBe(true)
    const want = golden.tensors.get('text.logits') as F32Tensor
    expect(relativeL2((changed.get('text.logits') as F32Tensor).data, want.data)).toBeGreaterThan(1e-3)
  })

  test('a given stage and the mask come in their place', async () => {
    const question = { image, prompt: golden.metadata.prompt }
    const stages = ['text.rope.sin', 'text.mask', 'text.layers.0.*norm', 'text.layers.0.q', 'text.final_norm']
    const plain = await sail.trace(question, { stages })
    const given = { 'text.layers.0.q': plain.get('text.layers.0.q') as F32Tensor }
    const again = await sail.trace(question, { stages, given })
    const names = ['rope.sin', 'mask', 'layers.0.attn_norm', 'layers.0.q', 'layers.0.mlp_norm', 'final_norm']
    expect([...plain.keys()]).toEqual(names.map((name) => `text.${name}`))
    expect([...again]).toEqual([...plain])
  })

  test('the same value given changes nothing', async () => {
    const question = { image, prompt: golden.metadata.prompt }
    const name = 'text.layers.0.out'
    const plain = await sail.trace(question, { stages: ['text.logits', name] })
    const given = { [name]: plain.get(name) as F32Tensor }
    const again = await sail.trace(question, { stages: ['text.logits'], given })
    expect(again.get('text.logits')).toEqual(plain.get('text.logits'))
  })

  for (const [what, options, code] of [
    ['a pattern that matches nothing', { stages: ['prefix.layers.9.q'] }, 'E_TRACE_STAGE'],
    ['no pattern', { stages: [] }, 'E_TRACE_STAGE'],
    ['generated ids without tokens', { stages: ['generated_ids'] }, 'E_TRACE_STAGE'],
    ['a step that never comes', { stages: ['step.4.q'], maxNewTokens: 5 }, 'E_TRACE_STAGE'],
    ['a negative number of tokens', { stages: ['**'], maxNewTokens: -1 }, 'E_OPTION_MAX_NEW_TOKENS'],
    ['an unknown given stage', { stages: ['**'], given: { 'middle.out': null } }, 'E_TRACE_GIVEN'],
  ] as const)
    test(`${what} is ${code}`, async () => {
      await expect(sail.trace({ image, prompt: 'x' }, options as never)).rejects.toThrow(
        expect.objectContaining({ code }),
      )
    })

  test('a run goes pass by pass and gives the stages it is asked for', async () => {
    const prepared = await sail.prepare({ image, prompt: golden.metadata.prompt })
    const run = sail.open(prepared)
    const prefix = await run.pass('prefix', { stages: ['final_norm'] })
    expect(prefix.get('final_norm')!.shape[0]).toBe(prepared.prefixLength)
    const text = await run.pass('text', { stages: ['next_logits'] })
    const ids = golden.integers('generated_ids')
    const argmax = (row: Float32Array) => row.indexOf(row.reduce((a, b) => Math.max(a, b)))
    expect(argmax(text.get('next_logits')!.data)).toBe(ids[0])
    expect(argmax((await run.step(ids[0], { stages: ['next_logits'] })).get('next_logits')!.data)).toBe(ids[1])
    run.close()
  })

  test('sampling with a seed repeats itself and reports the seed', async () => {
    const sample = (seed: number) =>
      sail.ask({ image, prompt: 'x' }, { temperature: 5, topK: 0, seed, maxNewTokens: 6 })
    const [a, b, c] = [await sample(1), await sample(1), await sample(2)]
    expect(a.ids).toEqual(b.ids)
    expect(a.ids).not.toEqual(c.ids)
    expect(a.seed).toBe(1)
  })

  test('pieces add up to the answer', async () => {
    const stream = sail.stream({ image, prompt: golden.metadata.prompt }, { maxNewTokens: 8, logprobs: 1 })
    const pieces = []
    for (;;) {
      const { done, value } = await stream.next()
      if (done) {
        expect(pieces.map(({ text }) => text).join('')).toBe(value.text)
        expect(pieces.flatMap(({ ids }) => ids)).toEqual(value.ids)
        expect(pieces.flatMap(({ logprobs }) => logprobs ?? [])).toEqual(value.logprobs)
        for (const { id, logprob, top } of value.logprobs ?? []) expect(top).toEqual([{ id, logprob }])
        return
      }
      pieces.push(value)
    }
  })
})
