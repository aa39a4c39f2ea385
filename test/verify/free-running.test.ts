// Free-running limits: what a wrong f32 dump, or a wrong file beside it, does to the verdict.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Sail } from '../../src/node.ts'
import { diffDumps } from '../../src/verify/diff.ts'
import { type CaseReport, firstFailure, toJson } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { explain } from '../../src/verify/words.ts'
import { copyOf, type Dump, goldenOf, readDump } from '../support/dumps.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const folder = `${root}golden/cases/`
const image = `${folder}images/noise-40x26.png`
let sail: Sail
let single: Dump
let double: Dump
beforeAll(async () => {
  sail = await Sail.load(`${folder}models/tiny-a`)
  single = await readDump(`${folder}tiny-a-image.f32.safetensors`)
  double = await readDump(`${folder}tiny-a-image.f64.safetensors`)
})
afterAll(() => sail.close())

async function free(dump: Dump, sibling: Dump | null): Promise<CaseReport> {
  const other = sibling === null ? null : await goldenOf(sibling, 'sibling')
  return verify(sail, await goldenOf(dump), { image, freeRunning: true, sibling: other })
}

function scaled(dump: Dump, name: string, factor: number): Dump {
  const copy = copyOf(dump)
  const { data } = copy.tensors.get(name)!
  for (let i = 0; i < data.length; i++) (data as Float32Array)[i] *= factor
  return copy
}

describe('free-running', () => {
  test('passes against f32 and f64, with the other file and without it', async () => {
    for (const [dump, sibling] of [
      [single, double],
      [single, null],
      [double, single],
      [double, null],
    ] as const)
      expect(firstFailure(await free(dump, sibling))).toBeNull()
  })

  test('a dump scaled by 1.001 fails even where its distance to the f64 file would set a wide limit', async () => {
    for (const sibling of [double, null])
      expect(firstFailure(await free(scaled(single, 'prefix.layers.0.out', 1.001), sibling))?.name).toBe(
        'prefix.layers.0.out',
      )
    expect(firstFailure(await free(scaled(double, 'text.logits', 1.001), single))?.name).toBe('text.logits')
  })

  test('a wrong f64 file beside a right dump is said', async () => {
    const failed = firstFailure(await free(single, scaled(double, 'text.layers.1.out', 1.001)))
    expect([failed?.name, failed?.objection]).toEqual([
      'text.layers.1.out',
      expect.stringContaining('more than rounding'),
    ])
  })

  test('words say that errors travel on', async () => {
    const report = await free(scaled(single, 'prefix.layers.1.gate', 1.1), null)
    expect(explain(report)).toContain('errors travel on in this mode')
  })
})

describe('the report', () => {
  test('is the documented JSON', async () => {
    const report = await verify(sail, await goldenOf(scaled(single, 'text.layers.1.up', 2)), {
      image,
      freeRunning: false,
    })
    const json = toJson([report])
    expect(json).toMatchObject({ pass: false, first_failure: 'text.layers.1.up' })
    expect(json.cases).toHaveLength(1)
    expect(json.cases[0]).toMatchObject({ golden: 'dump', pass: false, not_compared: [] })
  })

  test('of two dumps finds the stage and keeps the ids of bf16 apart', async () => {
    const other = await goldenOf(scaled(single, 'text.layers.0.q', 1.01))
    expect(firstFailure(await diffDumps(await goldenOf(single), other, { sibling: null }))?.name).toBe(
      'text.layers.0.q',
    )
    const rounded = await readDump(`${folder}tiny-a-image.bf16.safetensors`)
    const ids = rounded.tensors.get('generated_ids')!.data as BigInt64Array
    ids[0] = ids[0] === 5n ? 6n : 5n
    const report = await diffDumps(await goldenOf(single), await goldenOf(rounded), { sibling: null })
    expect(firstFailure(report)).toBeNull()
    expect(report.notCompared.map(({ name }) => name)).toContain('generated_ids')
  })
})
