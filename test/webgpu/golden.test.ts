// `verify` on the webgpu backend: every dump of PyTorch in f32 and f64, each stage from the dump's own inputs and as a whole
// run, within twice the reference backend's limits; greedy ids equal. A whole run is held to PyTorch's own distance
// between the two precisions, where both files are there. The shared cases are there beside a checkout only.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFile } from '../../src/node/file-source.ts'
import { Sail } from '../../src/node.ts'
import { openGolden } from '../../src/verify/golden-file.ts'
import { type CaseReport, passed } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { explain } from '../../src/verify/words.ts'
import { writeAmounts } from '../support/amounts.ts'
import { shared } from '../support/golden.ts'
import { type GoldenDump, goldenDumps } from '../support/golden-cases.ts'
import { imageOf } from '../support/image-of.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { largestShare } from './limit-share.ts'

const dumps = goldenDumps.filter(({ dtype }) => dtype !== 'bf16')
const models = [...new Set(dumps.map(({ model }) => model))]
const ways = ['teacher-forced', 'free-running'] as const

test.skipIf(shared === null)('the shared goldens take part (skipped where they are not)', () => {
  expect(models.length).toBeGreaterThan(3)
})

describe.skipIf(noGpu !== '').each(models)(`%s${skipped}`, (model) => {
  let sail: Sail
  const reports: CaseReport[] = []
  beforeAll(async () => {
    sail = await Sail.load(model, { backend: 'webgpu', weights: 'f32' })
    expect(sail.info).toMatchObject({ backend: 'webgpu', kernels: 'wgsl' })
  })
  afterAll(async () => {
    await sail?.close()
    const name = model.split('/').at(-1)!
    const rows = ways
      .map((way) => [way, reports.filter(({ mode }) => mode === way)] as const)
      .filter(([, own]) => own.length > 0)
      .map(([way, own]) => [name, way, ...largestShare(own)])
    const head = ['largest share of a limit on webgpu', 'inputs', 'dumps', 'close stages', 'share', 'where']
    writeAmounts('limits reached', head, rows, name)
  })

  for (const dump of dumps.filter((each) => each.model === model))
    test.each(ways)(`${dump.name} agrees, %s`, async (way) => {
      const report = await check(sail, dump, way === 'free-running')
      reports.push(report)
      expect(explain(report)).toBeNull()
      expect(report.mode).toBe(way)
      expect(report.stages.length).toBeGreaterThan(7)
      expect(report.notCompared).toEqual([])
      expect(passed(report)).toBe(true)
    })
})

async function check(sail: Sail, dump: GoldenDump, freeRunning: boolean): Promise<CaseReport> {
  const golden = await openGolden(await openFile(dump.path))
  const sibling = dump.sibling === null ? null : await openGolden(await openFile(dump.sibling))
  try {
    return await verify(sail, golden, { image: imageOf(golden, dump.path), freeRunning, sibling })
  } finally {
    await golden.close()
    await sibling?.close()
  }
}
