// Every dump of PyTorch, held against the model: each stage from the dump's own inputs, and as a whole run.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFile } from '../../src/node/file-source.ts'
import { Sail } from '../../src/node.ts'
import { openGolden } from '../../src/verify/golden-file.ts'
import { type CaseReport, passed } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { explain } from '../../src/verify/words.ts'
import { shared } from '../support/golden.ts'
import { type GoldenDump, goldenDumps } from '../support/golden-cases.ts'
import { imageOf } from '../support/image-of.ts'

async function verifyDump(sail: Sail, dump: GoldenDump, freeRunning: boolean): Promise<CaseReport> {
  const file = await openGolden(await openFile(dump.path))
  const sibling = dump.sibling === null ? null : await openGolden(await openFile(dump.sibling))
  try {
    return await verify(sail, file, { image: imageOf(file, dump.path), freeRunning, sibling })
  } finally {
    await file.close()
    await sibling?.close()
  }
}

const runs = [...new Set(goldenDumps.map(({ model, dtype }) => `${model}\n${dtype === 'bf16' ? 'bf16' : 'f32'}`))]

for (const run of runs) {
  const [model, numerics] = run.split('\n') as [string, 'f32' | 'bf16']
  const dumps = goldenDumps.filter((dump) => dump.model === model && (dump.dtype === 'bf16') === (numerics === 'bf16'))
  describe(`${model.split('/').at(-1)}, ${numerics}`, () => {
    let sail: Sail
    beforeAll(async () => {
      sail = await Sail.load(model, { backend: 'reference', numerics })
      expect(sail.info).toMatchObject({ backend: 'reference', numerics })
    })
    afterAll(() => sail.close())

    for (const dump of dumps)
      test.each([
        ['teacher-forced', false],
        ['free-running', true],
      ])(`${dump.name} agrees, %s`, async (_, freeRunning) => {
        const report = await verifyDump(sail, dump, freeRunning)
        expect(explain(report)).toBeNull()
        expect(passed(report)).toBe(true)
        expect(report.notCompared).toEqual([])
      })
  })
}

describe('bf16', () => {
  for (const dump of goldenDumps.filter(({ dtype }) => dtype === 'bf16'))
    test(`${dump.name}: rounding as PyTorch does comes nearer to each layer than f32 does`, async () => {
      const [rounded, plain] = await Promise.all(
        (['bf16', 'f32'] as const).map(async (numerics) => {
          const sail = await Sail.load(dump.model, { numerics })
          return verifyDump(sail, dump, false).finally(() => sail.close())
        }),
      )
      const layers = rounded.stages.filter(({ name }) => /layers\.\d+\.out$/.test(name))
      expect(layers.length).toBeGreaterThan(1)
      for (const { name, comparison } of layers) {
        const other = plain.stages.find((stage) => stage.name === name)
        expect(comparison.relL2, name).toBeLessThan(other!.comparison.relL2)
      }
    })
})

describe.skipIf(shared === null)(
  'p32-window-bin, whose weights torch.save wrote (skipped without ../shared/golden)',
  () => {
    for (const dump of goldenDumps.filter(({ name }) => name.startsWith('p32-')))
      test(`${dump.name} agrees, as with safetensors`, async () => {
        const numerics = dump.dtype === 'bf16' ? 'bf16' : 'f32'
        const sail = await Sail.load(`${shared}models/p32-window-bin`, { backend: 'reference', numerics })
        const report = await verifyDump(sail, dump, false).finally(() => sail.close())
        expect(explain(report)).toBeNull()
        expect(passed(report)).toBe(true)
      })
  },
)

test.skipIf(shared !== null)('shared goldens (skipped: this checkout has none beside it)', () => {})
