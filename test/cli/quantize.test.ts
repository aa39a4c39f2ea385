// sail quantize as a user runs it, with workers that read the files themselves: the folder answers as the checkpoint does with
// the same weights, and nothing is left of a run that fails.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { built, cli, ended, start } from '../support/cli.ts'
import { goldenPath, image, model } from './tiny-a.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'sail-quantize-'))
const out = (name: string) => join(folder, name)
const quantize = (...more: string[]) => cli(['quantize', '--model', model, '--threads', '2', ...more])
const error = (stderr: string) => JSON.parse(stderr.trim().split('\n').at(-1)!).error

beforeAll(async () => {
  await built()
  for (const weights of ['q4', 'q8', 'bf16']) await quantize('--weights', weights, '--out', out(weights), '--quiet')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('quantize', () => {
  test('says on stdout what it came to', async () => {
    const { code, stdout } = await quantize('--weights', 'q4', '--out', out('q4'), '--json')
    const { weights, source, files, bytes, bits_per_weight } = JSON.parse(stdout)
    expect([code, weights, files, source.length]).toEqual([0, 'q4', ['packed.safetensors'], 64])
    expect(bits_per_weight).toBeGreaterThan(4.5) // rows of this model are no multiple of a group
    expect(bytes).toBeLessThan(1_600_000 * 0.7)
    const text = await quantize('--weights', 'q4', '--out', out('q4'))
    expect(text.stdout).toMatch(/q4, \d+\.\d MB, \d+\.\d\d bits a weight, 1 files\n$/)
    expect(text.stderr).toContain('packing the weights')
    expect(readdirSync(folder).sort()).toEqual(['bf16', 'q4', 'q8'])
  })

  test.each(['q4', 'q8', 'bf16'])('in %s gives the answer of the checkpoint with these weights', async (weights) => {
    const args = ['--image', image, '--prompt', 'What?', '--max-new-tokens', '8', '--threads', '2', '--json']
    const asked = async (...more: string[]) => JSON.parse((await cli(['ask', ...more, ...args])).stdout)
    const packed = await asked('--model', out(weights))
    const plain = await asked('--model', model, '--weights', weights)
    expect([packed.ids, packed.weights, packed.threads]).toEqual([plain.ids, weights, 2])
  })

  test('is shown by inspect, and read whole by --check', async () => {
    const { stdout } = await cli(['inspect', '--model', out('q4'), '--check', '--original', model])
    expect(stdout).toMatch(/packed in q4, from the checkpoint [0-9a-f]{64}/)
    expect(stdout).toContain('every byte of the weights was read')
    const json = JSON.parse((await cli(['inspect', '--model', out('q8'), '--json'])).stdout)
    expect([json.packed.weights, json.problems]).toEqual(['q8', []])
    expect(json.tensors[0].dtype).toMatch(/^(f32|bf16|q8)$/)
  })

  test('is verified as any weights are, and on the reference backend', async () => {
    const args = ['verify', '--golden', goldenPath, '--backend', 'wasm', '--json', '--model', out('q4')]
    const { code, stdout } = await cli([...args, '--activations', 'f32'])
    const [{ pass, stages }] = JSON.parse(stdout).cases
    expect([code, pass]).toEqual([0, true])
    const logits = stages.find(({ name }: { name: string }) => name === 'text.logits')
    expect(logits.from_dump.rel_l2).toBeGreaterThan(1e-3)
    expect((await cli(args)).code).toBe(0)
    const ask = ['ask', '--model', out('q4'), '--backend', 'reference', '--prompt', 'What?', '--max-new-tokens', '4']
    expect((await cli(ask)).code).toBe(0)
  })
})

describe('a run that cannot be', () => {
  test('names what is wrong and leaves nothing', async () => {
    const cases: readonly (readonly [string[], string, number])[] = [
      [['--weights', 'q4', '--out', model], 'E_FOLDER_TAKEN', 2],
      [['--weights', 'q4', '--out', join(out('nowhere'), 'x')], 'E_FILE_WRITE', 2],
      [['--weights', 'q2', '--out', out('x')], 'E_USAGE', 2],
      [['--out', out('x')], 'E_USAGE', 2],
      [['--weights', 'q4', '--out', out('x'), '--model', out('q8')], 'E_QUANTIZE_PACKED', 2],
    ]
    for (const [args, wanted, exit] of cases) {
      const { code, stderr } = await quantize(...args, '--json')
      expect([error(stderr).code, code], args.join(' ')).toEqual([wanted, exit])
    }
    expect(readdirSync(folder).sort()).toEqual(['bf16', 'q4', 'q8'])
  })

  test('a NaN is found by name while workers read, in quantize and in loading', async () => {
    cpSync(model, out('nan'), { recursive: true })
    const file = join(out('nan'), 'model.safetensors')
    const bytes = readFileSync(file)
    bytes.set([0, 0, 0xc0, 0x7f], bytes.length - 4)
    writeFileSync(file, bytes)
    const failing = [
      ['quantize', '--weights', 'q8', '--out', out('x')],
      ['ask', '--weights', 'q4', '--prompt', 'x'],
      ['ask', '--weights', 'f32', '--prompt', 'x'],
    ]
    for (const args of failing) {
      const { code, stderr } = await cli([...args, '--model', out('nan'), '--threads', '2', '--json'])
      expect([code, error(stderr).code, error(stderr).place]).toEqual([
        2,
        'E_WEIGHTS_NOT_FINITE',
        expect.stringMatching(/weight, element \d+$/),
      ])
      expect(error(stderr).file).toContain('model.safetensors')
    }
    rmSync(out('nan'), { recursive: true })
    expect(readdirSync(folder).sort()).toEqual(['bf16', 'q4', 'q8'])
  })

  test('a damaged packed file is found by the workers, by the name of the part', async () => {
    cpSync(out('q4'), out('damaged'), { recursive: true })
    const file = join(out('damaged'), 'packed.safetensors')
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] ^= 1
    writeFileSync(file, bytes)
    const { code, stderr } = await cli(['ask', '--model', out('damaged'), '--threads', '2', '--prompt', 'x', '--json'])
    expect([code, error(stderr).code, error(stderr).place]).toEqual([
      2,
      'E_PACKED_SUM',
      expect.stringContaining('model.'),
    ])
    rmSync(out('damaged'), { recursive: true })
  })

  test('SIGINT leaves nothing', async () => {
    const child = start(['quantize', '--model', model, '--weights', 'q4', '--out', out('stopped'), '--threads', '1'])
    const result = ended(child)
    const timer = setInterval(() => {
      if (!readdirSync(folder).some((name) => name.endsWith('.tmp'))) return
      clearInterval(timer)
      child.kill('SIGINT')
    }, 2)
    const { signal, code } = await result.finally(() => clearInterval(timer))
    expect(signal ?? code).toBe('SIGINT')
    expect(readdirSync(folder).sort()).toEqual(['bf16', 'q4', 'q8'])
  })
})
