import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { built, cli } from '../support/cli.ts'
import { copyOf, type Dump, dumpBytes, floats, readDump } from '../support/dumps.ts'
import { cases, goldenPath, image, model } from './tiny-a.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let golden: Dump
const folder = mkdtempSync(join(tmpdir(), 'sail-test-'))
const out = (name: string) => join(folder, name)

beforeAll(async () => {
  await built()
  golden = await readDump(goldenPath)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('verify', () => {
  const args = ['verify', '--model', model, '--backend', 'reference', '--golden']

  test('exits 0 and prints a table with a verdict', async () => {
    const { code, stdout, stderr } = await cli([...args, goldenPath])
    expect(code).toBe(0)
    expect(stdout).toContain('prefix.layers.0.k_rope')
    expect(stdout).toMatch(/pass: all \d+ stages agree/)
    expect(stderr).not.toContain('not found')
  })

  test('--json is the documented document, for several dumps', async () => {
    const { code, stdout } = await cli([
      ...args,
      goldenPath,
      `${cases}tiny-a-text.f64.safetensors`,
      '--json',
      '--free-running',
    ])
    const found = JSON.parse(stdout)
    expect([code, found.pass, found.first_failure]).toEqual([0, true, null])
    expect(
      found.cases.map(({ golden, pass }: { golden: string; pass: boolean }) => [golden.split('/').at(-1), pass]),
    ).toEqual([
      ['tiny-a-image.f32.safetensors', true],
      ['tiny-a-text.f64.safetensors', true],
    ])
    for (const stage of found.cases[0].stages) {
      expect(Object.keys(stage).slice(0, 6)).toEqual(['name', 'kind', 'max_abs', 'rel_l2', 'cosine', 'worst'])
      expect([typeof stage.limit, stage.pass, Array.isArray(stage.worst.index)]).toEqual(['number', true, true])
      expect(['exact', 'close']).toContain(stage.kind)
    }
    expect(found.cases[0].not_compared).toEqual([])
  })

  test('exits 1 and names the stage, in words and in JSON', async () => {
    const wrong = copyOf(golden)
    floats(wrong, 'prefix.layers.1.k_rope').data[70] += 0.5
    floats(wrong, 'text.logits').data[3] = Number.NaN
    writeFileSync(out('wrong.safetensors'), await dumpBytes(wrong))
    const said = await cli([...args, out('wrong.safetensors'), '--image', image])
    expect(said.code).toBe(1)
    expect(said.stdout).toMatch(
      /first difference: prefix\.layers\.1\.k_rope, relative L2 .* worst at \[.*\]: got .*, expected/,
    )
    expect(said.stdout).toContain('its inputs agree, so look at the rotation of the keys')
    const { code, stdout } = await cli([...args, out('wrong.safetensors'), '--image', image, '--json'])
    const found = JSON.parse(stdout)
    expect([code, found.pass, found.first_failure]).toEqual([1, false, 'prefix.layers.1.k_rope'])
    const logits = found.cases[0].stages.find(({ name }: { name: string }) => name === 'text.logits')
    expect([logits.pass, logits.max_abs, logits.rel_l2]).toEqual([false, 'NaN', 'NaN'])
  })

  test('without the image it says so and starts at the patches; without those it is exit code 2', async () => {
    const cut = copyOf(golden)
    for (const name of ['image.rgb', 'image.resized']) cut.tensors.delete(name)
    cut.metadata.set('image', 'images/elsewhere.png')
    writeFileSync(out('alone.safetensors'), await dumpBytes(cut))
    const alone = await cli([...args, out('alone.safetensors'), '--json'])
    expect([alone.code, JSON.parse(alone.stdout).cases[0].not_compared]).toEqual([0, ['grid', 'patches']])
    expect(alone.stderr).toContain('was not found')
    cut.tensors.delete('patches')
    writeFileSync(out('none.safetensors'), await dumpBytes(cut))
    expect(await cli([...args, out('none.safetensors'), '--quiet'])).toMatchObject({ code: 2, stdout: '' })
  })

  test('an image path that leads out of the folder is not followed', async () => {
    const sly = copyOf(golden)
    sly.metadata.set('image', '../../../../../../etc/hosts')
    writeFileSync(out('sly.safetensors'), await dumpBytes(sly))
    const { code, stderr } = await cli([...args, out('sly.safetensors')])
    expect(code).toBe(0)
    expect(stderr).toContain('no path below the dump')
  })

  test('unknown tensors are listed, and nothing comparable is exit code 2', async () => {
    const more = copyOf(golden)
    more.tensors.set('prefix.layers.0.mystery', more.tensors.get('grid')!)
    writeFileSync(out('more.safetensors'), await dumpBytes(more))
    const { code, stdout } = await cli([...args, out('more.safetensors'), '--image', image, '--json'])
    expect([code, JSON.parse(stdout).cases[0].not_compared]).toEqual([0, ['prefix.layers.0.mystery']])
    const odd = {
      tensors: new Map([['mystery', golden.tensors.get('grid')!]]),
      metadata: new Map([
        ['format', 'sail-golden/1'],
        ['prompt', 'x'],
      ]),
    }
    writeFileSync(out('odd.safetensors'), await dumpBytes({ ...odd, tensors: odd.tensors }))
    expect((await cli([...args, out('odd.safetensors')])).code).toBe(2)
  })
})

describe('diff', () => {
  test('a dump agrees with itself and with its f64 run', async () => {
    expect((await cli(['diff', goldenPath, goldenPath])).code).toBe(0)
    expect((await cli(['diff', goldenPath.replace('f32', 'f64'), goldenPath])).code).toBe(0)
  })
  test('a changed dump is exit code 1 and named', async () => {
    const wrong = copyOf(golden)
    floats(wrong, 'text.layers.0.act').data[5] += 1
    writeFileSync(out('diff.safetensors'), await dumpBytes(wrong))
    const { code, stdout } = await cli(['diff', goldenPath, out('diff.safetensors'), '--json'])
    expect([code, JSON.parse(stdout).first_failure]).toEqual([1, 'text.layers.0.act'])
  })
  test('two dumps with nothing in common are exit code 2', async () => {
    const few: Dump = { tensors: new Map([['grid', golden.tensors.get('grid')!]]), metadata: golden.metadata }
    writeFileSync(out('few.safetensors'), await dumpBytes(few))
    expect((await cli(['diff', `${cases}tiny-a-text.f32.safetensors`, out('few.safetensors')])).code).toBe(2)
  })
})
