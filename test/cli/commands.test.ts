import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { built, cli } from '../support/cli.ts'
import { type Dump, readDump } from '../support/dumps.ts'
import { root } from '../support/golden.ts'
import { goldenPath, image, model } from './tiny-a.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let golden: Dump
const prompt = () => golden.metadata.get('prompt')!
const ids = () => Array.from(golden.tensors.get('generated_ids')!.data, Number)
const folder = mkdtempSync(join(tmpdir(), 'sail-test-'))
const out = (name: string) => join(folder, name)

beforeAll(async () => {
  await built()
  golden = await readDump(goldenPath)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('ask', () => {
  const args = () => [
    'ask',
    '--model',
    model,
    '--image',
    image,
    '--prompt',
    prompt(),
    '--max-new-tokens',
    String(ids().length),
  ]

  test("streams PyTorch's answer to stdout and its timing to stderr", async () => {
    const { code, stdout, stderr } = await cli(args())
    expect([code, stdout]).toEqual([0, `${golden.metadata.get('response')}\n`])
    expect(stderr).toContain('tokens')
    expect((await cli([...args(), '--quiet'])).stderr).toBe('')
  })

  test('--json prints one document with the documented fields', async () => {
    const { code, stdout } = await cli([...args(), '--json', '--logprobs', '2'])
    expect([code, stdout.trim().split('\n').length]).toEqual([0, 1])
    const found = JSON.parse(stdout)
    expect(found).toMatchObject({
      text: golden.metadata.get('response'),
      ids: ids(),
      backend: 'wasm',
      weights: 'exact',
    })
    expect([...found.grid, found.prefix_tokens, found.prompt_tokens].every(Number.isInteger)).toBe(true)
    expect(Object.keys(found.timings)).toEqual(['load_ms', 'prefix_ms', 'prompt_ms', 'decode_ms', 'tokens_per_second'])
    expect(found.logprobs).toHaveLength(ids().length)
    expect(['stop', 'length']).toContain(found.finish_reason)
  })

  test('--image - reads the image from stdin', async () => {
    const piped = args().map((arg) => (arg === image ? '-' : arg))
    expect((await cli(piped, { input: readFileSync(image) })).stdout).toBe(`${golden.metadata.get('response')}\n`)
    expect((await cli(piped)).code).toBe(2)
  })

  test('--jsonl answers in order, with an error in the place of a line that cannot be answered', async () => {
    const lines = [
      { image, prompt: prompt() },
      { prompt: 'what is é?' },
      'no JSON',
      { image: '/nowhere.png', prompt: 'x' },
      { image, prompt: 'x', n: 1 },
      { image, prompt: prompt() },
    ]
    const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
    const { code, stdout } = await cli(
      ['ask', '--model', model, '--jsonl', '-', '--max-new-tokens', String(ids().length)],
      { input },
    )
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(code).toBe(0)
    expect(answers.map((answer) => answer.error?.code ?? answer.grid)).toEqual([
      expect.any(Array),
      null,
      'E_JSONL_LINE',
      'E_IMAGE_MISSING',
      'E_JSONL_LINE',
      expect.any(Array),
    ])
    expect(answers[0].ids).toEqual(ids())
    expect(answers[5].ids).toEqual(ids())
    writeFileSync(out('q.jsonl'), input)
    const again = await cli(['ask', '--model', model, '--jsonl', out('q.jsonl'), '--max-new-tokens', '1', '--quiet'])
    expect(again.stdout.trim().split('\n')).toHaveLength(6)
  })

  test('the same seed gives the same words', async () => {
    const sampled = [...args(), '--temperature', '1.5', '--seed', '7', '--quiet']
    expect((await cli(sampled)).stdout).toBe((await cli(sampled)).stdout)
  })
})

describe('features', () => {
  test('writes the map that PyTorch dumped, to a file and to stdout', async () => {
    const args = ['features', '--model', model, '--image', image, '--quiet', '--out']
    expect((await cli([...args, out('f.safetensors')])).code).toBe(0)
    const { tensors, metadata } = await readDump(out('f.safetensors'))
    expect(tensors.get('features')!.shape).toEqual(golden.tensors.get('vision_features')!.shape)
    expect([...metadata.keys()].sort()).toEqual(['grid', 'image', 'model'])
    const { bytes, code } = await cli([...args, '-'])
    expect(code).toBe(0)
    writeFileSync(out('g.safetensors'), bytes)
    expect((await readDump(out('g.safetensors'))).tensors).toEqual(tensors)
  })
})

describe('trace', () => {
  test('writes a dump that verify and diff accept', async () => {
    const args = ['trace', '--model', model, '--image', image, '--prompt', prompt(), '--max-new-tokens', '4', '--quiet']
    expect((await cli([...args, '--stages', '**', '--out', out('t.safetensors')])).code).toBe(0)
    const { tensors } = await readDump(out('t.safetensors'))
    expect([...golden.tensors.keys()].filter((name) => !tensors.has(name))).toEqual([])
    expect(tensors.has('step.2.layers.1.attn_weights')).toBe(true)
    expect((await cli(['verify', '--model', model, '--golden', out('t.safetensors'), '--image', image])).code).toBe(0)
    const { code, stdout } = await cli(['diff', goldenPath, out('t.safetensors'), '--json'])
    expect(
      JSON.parse(stdout)
        .cases[0].stages.filter((stage: { pass: boolean }) => !stage.pass)
        .map((s: { name: string }) => s.name),
    ).toEqual(['generated_ids', 'step_logits'])
    expect(code).toBe(1)
  })

  test('writes what the patterns choose and nothing else, aligned to their elements', async () => {
    const args = [
      'trace',
      '--model',
      model,
      '--prompt',
      'x',
      '--stages',
      'text.layers.*.k_rope,text.mask,input_ids',
      '--out',
      out('k.safetensors'),
    ]
    expect((await cli(args)).code).toBe(0)
    expect([...(await readDump(out('k.safetensors'))).tensors.keys()].sort()).toEqual([
      'input_ids',
      'text.layers.0.k_rope',
      'text.layers.1.k_rope',
      'text.mask',
    ])
  })

  test('a run that fails leaves nothing behind', async () => {
    const args = [
      'trace',
      '--model',
      model,
      '--prompt',
      '<vpatch>',
      '--stages',
      '**',
      '--out',
      out('never.safetensors'),
    ]
    expect((await cli(args)).code).toBe(2)
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([])
  })
})

describe('preprocess', () => {
  test('writes what PyTorch and Pillow made of the image', async () => {
    const { code, stdout } = await cli([
      'preprocess',
      '--image',
      image,
      '--patch-size',
      '14',
      '--out',
      out('p.safetensors'),
      '--json',
    ])
    const { tensors } = await readDump(out('p.safetensors'))
    expect(code).toBe(0)
    for (const name of ['image.rgb', 'image.resized', 'patches', 'grid'])
      expect(tensors.get(name), name).toEqual(golden.tensors.get(name))
    expect(JSON.parse(stdout).grid).toEqual(Array.from(tensors.get('grid')!.data, Number))
  })
  test('--size needs no pixels', async () => {
    const { stdout } = await cli(['preprocess', '--size', '640x480', '--patch-size', '14', '--json'])
    expect(JSON.parse(stdout)).toEqual({
      width: 640,
      height: 480,
      new_width: 644,
      new_height: 490,
      grid: [35, 46],
      tokens: 1610,
    })
  })
})

describe('tokenize', () => {
  test('gives ids, pieces and the decoded text', async () => {
    const found = JSON.parse((await cli(['tokenize', '--model', model, '--text', 'what is <s>?'])).stdout)
    expect(Object.keys(found)).toEqual(['ids', 'pieces', 'decoded'])
    expect(found.pieces).toHaveLength(found.ids.length)
    expect(found.pieces).toContain('<s>')
    expect(found.decoded).not.toContain('<s>')
  })
  test('--jsonl answers line by line, a bad line with its error', async () => {
    const input = '"one"\nbad\n"<vpatch>"\n12\n'
    const { code, stdout } = await cli(['tokenize', '--model', model, '--jsonl'], { input })
    const found = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect([code, found.map(({ error }) => error?.code ?? null)]).toEqual([
      0,
      [null, 'E_JSONL_LINE', null, 'E_JSONL_LINE'],
    ])
    expect(found[2].ids).toHaveLength(1)
  })
})

describe('inspect', () => {
  test('takes the flags of an engine and leaves them alone', async () => {
    const args = ['inspect', '--model', model, '--backend', 'reference', '--threads', '1', '--no-color', '--json']
    expect((await cli(args)).code).toBe(0)
  })
  test('shows config, tensors and memory', async () => {
    const found = JSON.parse((await cli(['inspect', '--model', model, '--json'])).stdout)
    expect(found.problems).toEqual([])
    expect(Object.keys(found.memory)).toEqual(['exact', 'f32', 'bf16', 'q8', 'q4'])
    expect(found.tensors.map(({ name }: { name: string }) => name)).toContain('model.vis_embed.weight')
    const { code, stdout } = await cli(['inspect', '--model', model])
    expect([code, stdout.includes('nothing is wrong')]).toEqual([0, true])
  })
  test('shows what a .bin holds, and names what a hostile one asks for, without side effects', async () => {
    const bin = (name: string): string => {
      const folder = out(`bin-${name.replace('/', '-')}`)
      cpSync(model, folder, { recursive: true })
      rmSync(join(folder, 'model.safetensors'))
      cpSync(`${root}test/fixtures/torch/${name}.bin`, join(folder, 'pytorch_model.bin'))
      return folder
    }
    const { tensors } = JSON.parse((await cli(['inspect', '--model', bin('valid/dtypes'), '--json'])).stdout)
    expect(tensors).toContainEqual({ name: 'bf16', dtype: 'BF16', shape: [3, 5], bytes: 30, file: 'pytorch_model.bin' })
    expect((await cli(['inspect', '--model', bin('valid/plain')])).stdout).toMatch(
      /w .*F32 .*\(2, 3\).* 24 .*pytorch_model\.bin/,
    )
    for (const [name, asked] of [
      ['hostile/system', 'posix.system'],
      ['hostile/eval', '__builtin__.eval'],
      ['hostile/nested', '__main__.Call'],
    ] as const) {
      const folder = bin(name)
      const { problems } = JSON.parse((await cli(['inspect', '--model', folder, '--json'])).stdout)
      expect(problems[0].code).toBe('E_TORCH_GLOBAL')
      expect(problems[0].message).toContain(asked)
      expect(existsSync(join(folder, 'owned.txt')) || existsSync('owned.txt')).toBe(false)
    }
  })
  test('lists what keeps a checkpoint from loading, a tokenizer without the image tokens too', async () => {
    const folder = out('no-vpatch')
    cpSync(model, folder, { recursive: true })
    const tokenizer = readFileSync(join(folder, 'tokenizer.json'), 'utf8')
    writeFileSync(join(folder, 'tokenizer.json'), tokenizer.replaceAll('<vpatch>', '<patch>'))
    const { code, stdout } = await cli(['inspect', '--model', folder, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout).problems).toMatchObject([{ code: 'E_TOKENIZER_NO_TOKEN' }])
  })
})
