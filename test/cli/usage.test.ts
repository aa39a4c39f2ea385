import { beforeAll, describe, expect, test, vi } from 'vitest'
import { built, cli } from '../support/cli.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const model = `${root}golden/cases/models/tiny-a`
const image = `${root}golden/cases/images/noise-40x26.png`

beforeAll(built)

describe('help and version', () => {
  test('go to stdout with exit code 0', async () => {
    for (const args of [['--help'], ['-h'], ['help'], ['ask', '--help'], ['help', 'verify'], ['-V'], ['--version']]) {
      const { code, stdout, stderr } = await cli(args)
      expect([code, stderr], args.join(' ')).toEqual([0, ''])
      expect(stdout.length, args.join(' ')).toBeGreaterThan(4)
    }
  })

  test('a bare `sail` is a usage error that shows the commands', async () => {
    const { code, stdout, stderr } = await cli([])
    expect([code, stdout]).toEqual([2, ''])
    for (const command of ['ask', 'features', 'trace', 'verify', 'diff', 'preprocess', 'tokenize', 'inspect'])
      expect(stderr).toContain(`  ${command} `)
  })
})

describe('bad usage is exit code 2 with one line on stderr', () => {
  test.each([
    ['an unknown command', ['quantise']],
    ['an unknown flag', ['ask', '--model', model, '--prompt', 'x', '--colour']],
    ['a missing flag', ['ask', '--prompt', 'x']],
    ['a missing value', ['ask', '--model']],
    ['nothing to ask', ['ask', '--model', model]],
    ['a prompt and a batch', ['ask', '--model', model, '--prompt', 'x', '--jsonl', '-']],
    ['a number out of range', ['ask', '--model', model, '--prompt', 'x', '--max-new-tokens', '0']],
    ['a fraction', ['ask', '--model', model, '--prompt', 'x', '--top-k', '1.5']],
    ['no number', ['ask', '--model', model, '--prompt', 'x', '--temperature', 'hot']],
    ['a probability above 1', ['ask', '--model', model, '--prompt', 'x', '--temperature', '1', '--top-p', '1.01']],
    ['an unknown backend', ['ask', '--model', model, '--prompt', 'x', '--backend', 'cuda']],
    ['no pixels', ['preprocess', '--image', 'x.png', '--patch-size', '3', '--max-pixels', '0']],
    ['too many patches', ['preprocess', '--size', '9x9', '--patch-size', '3', '--max-patches', '5000']],
    ['a size that is none', ['preprocess', '--size', '9by9', '--patch-size', '3']],
    ['an image and a size', ['preprocess', '--image', image, '--size', '9x9', '--patch-size', '3']],
    ['an image that goes nowhere', ['preprocess', '--image', image, '--patch-size', '14']],
    ['neither text nor lines', ['tokenize', '--model', model]],
    ['an argument too many', ['diff', 'a', 'b', 'c']],
    ['sampling flags without a temperature', ['ask', '--model', model, '--prompt', 'x', '--top-k', '5', '--quiet']],
    ['probabilities in plain text', ['ask', '--model', model, '--prompt', 'x', '--logprobs', '1']],
  ])('%s', async (_, args) => {
    const { code, stdout, stderr } = await cli(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^sail: E_[A-Z_]+: [^\n]+\n$/)
  })

  test('with --json the line is a JSON document', async () => {
    const { code, stdout, stderr } = await cli([
      'ask',
      '--model',
      model,
      '--prompt',
      'x',
      '--threads',
      'many',
      '--json',
    ])
    expect([code, stdout]).toEqual([2, ''])
    const { error } = JSON.parse(stderr)
    expect(Object.keys(error)).toEqual(['code', 'message', 'file', 'place', 'expected', 'found', 'hint'])
    expect(error.code).toBe('E_USAGE')
  })
})

describe('before a model is loaded', () => {
  const ask = ['ask', '--model', '/nowhere', '--prompt', 'x', '--json']

  test.each([
    ['sampling flags without a temperature', ['--top-k', '5'], 'E_OPTION_NEEDS_TEMPERATURE'],
    ['an image that is not there', ['--image', '/nowhere.png'], 'E_IMAGE_MISSING'],
    ['an image that is none', ['--image', `${model}/config.json`], 'E_IMAGE_UNKNOWN'],
  ])('%s is found', async (_, flags, code) => {
    const { stderr } = await cli([...ask, ...flags])
    expect(JSON.parse(stderr).error.code).toBe(code)
  })

  test.each([
    ['features', []],
    ['trace', ['--prompt', 'x', '--stages', '**']],
  ])('an --out of %s that cannot be written is found', async (command, flags) => {
    const args = [command, '--model', '/nowhere', '--image', image, '--out', '/nowhere/f.safetensors', ...flags]
    expect((await cli(args)).stderr).toMatch(/^sail: E_FILE_WRITE/)
  })

  test('a missing folder is named, with what to give', async () => {
    const { error } = JSON.parse((await cli(ask)).stderr)
    expect(error).toMatchObject({ code: 'E_FILE_MISSING', file: '/nowhere', expected: 'the folder of a checkpoint' })
    expect(error.hint).toContain('config.json')
  })
})

describe('--json keeps stderr for one line of error', () => {
  const turned = `${root}test/fixtures/image/jpg-exif6.jpg`

  test('a run that fails after it loaded leaves no progress and no notes there', async () => {
    const flags = ['--prompt', '<vpatch>', '--image', turned, '--json']
    const { code, stderr } = await cli(['ask', '--model', model, ...flags])
    expect([code, stderr.trim().split('\n').length]).toEqual([2, 1])
    expect(JSON.parse(stderr).error.code).toBe('E_SEQUENCE_PATCH_TOKENS')
  })

  test('a run that succeeds prints its notes', async () => {
    const flags = ['--prompt', 'x', '--image', turned, '--max-new-tokens', '1', '--json']
    const { code, stderr } = await cli(['ask', '--model', model, ...flags])
    expect([code, stderr.trim().split('\n').length]).toEqual([0, 1])
    expect(stderr).toContain('EXIF orientation 6')
  })
})

describe('what is not possible here is exit code 3', () => {
  test.each([
    ['what a backend lacks', ['--backend', 'webgpu', '--numerics', 'bf16']],
    ['numerics', ['--backend', 'wasm', '--numerics', 'bf16']],
    ['relaxed kernels', ['--backend', 'reference', '--kernels', 'relaxed']],
    ['threads', ['--backend', 'reference', '--threads', '4']],
    ['integer activations', ['--activations', 'int']],
    ['a half-precision cache', ['--backend', 'reference', '--kv', 'f16']],
    ['a profile', ['--backend', 'reference', '--profile', '/tmp/never.json']],
  ])('%s', async (_, flags) => {
    const { code, stdout, stderr } = await cli(['ask', '--model', model, '--prompt', 'x', '--json', ...flags])
    expect([code, stdout]).toEqual([3, ''])
    expect(JSON.parse(stderr).error.code).toMatch(/^E_/)
  })
})

describe('environment', () => {
  test('a variable stands in for a flag, and is checked like one', async () => {
    const args = ['ask', '--model', model, '--prompt', 'x', '--max-new-tokens', '1', '--quiet']
    expect((await cli(args, { env: { SAIL_BACKEND: 'webgpu', SAIL_KV: 'f16' } })).code).toBe(3)
    expect((await cli(args, { env: { SAIL_BACKEND: 'cuda' } })).code).toBe(2)
    expect((await cli([...args, '--backend', 'reference'], { env: { SAIL_BACKEND: 'webgpu' } })).code).toBe(0)
  })
})

describe('bad input is exit code 2', () => {
  test.each([
    ['no such checkpoint', ['ask', '--model', '/nowhere', '--prompt', 'x']],
    ['a file for a checkpoint', ['ask', '--model', image, '--prompt', 'x']],
    ['no such image', ['ask', '--model', model, '--prompt', 'x', '--image', '/nowhere.png']],
    ['a folder for an image', ['ask', '--model', model, '--prompt', 'x', '--image', root]],
    ['an image that is none', ['ask', '--model', model, '--prompt', 'x', '--image', `${model}/config.json`]],
    [
      'a text-only checkpoint asked about an image',
      ['ask', '--model', `${root}golden/cases/models/text-llama`, '--prompt', 'x', '--image', image],
    ],
    ['a prompt that spells image tokens', ['ask', '--model', model, '--prompt', '<vpatch>', '--image', image]],
    ['an image too thin', ['preprocess', '--size', '100000x1', '--patch-size', '14']],
    ['a dump that is none', ['verify', '--model', model, '--golden', `${model}/model.safetensors`]],
    ['no dump at all', ['diff', '/nowhere', '/nowhere']],
    [
      'a stage that does not exist',
      ['trace', '--model', model, '--prompt', 'x', '--stages', 'text.nothing', '--out', '/tmp/never.safetensors'],
    ],
    [
      'an output folder that does not exist',
      ['features', '--model', model, '--image', image, '--out', '/nowhere/f.safetensors'],
    ],
  ])('%s', async (_, args) => {
    const { code, stdout, stderr } = await cli([...args, '--quiet'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^sail: E_[A-Z_]+: [^\n]+\n$/)
  })
})
