// `verify` on the webgpu backend: every golden case that is there, from golden inputs against its f32 dump and as a whole run
// against its f64 dump, within twice the reference backend's limits; greedy ids equal. A software adapter takes minutes for
// what says nothing new, so a case without f64 is only run as a whole if it is long.
// The shared cases are there beside a checkout only.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFile } from '../../src/node/file-source.ts'
import { Sail } from '../../src/node.ts'
import { openGolden } from '../../src/verify/golden-file.ts'
import { passed } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { shared } from '../support/golden.ts'
import { type GoldenDump, goldenDumps } from '../support/golden-cases.ts'
import { imageOf } from '../support/image-of.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'

const dumps = goldenDumps.filter(({ dtype }) => dtype !== 'bf16')
const models = [...new Set(dumps.map(({ model }) => model))]

test.skipIf(shared === null)('the shared goldens take part (skipped where they are not)', () => {
  expect(models.length).toBeGreaterThan(3)
})

describe.skipIf(noGpu !== '').each(models)(`%s${skipped}`, (model) => {
  let sail: Sail
  beforeAll(async () => {
    sail = await Sail.load(model, { backend: 'webgpu', weights: 'f32' })
    expect(sail.info).toMatchObject({ backend: 'webgpu', kernels: 'wgsl' })
  })
  afterAll(() => sail?.close())

  for (const dump of dumps.filter((each) => each.model === model))
    test.each(waysOf(dump))(`${dump.name}, %s`, async (_, freeRunning) => {
      const report = await check(sail, dump, freeRunning)
      expect(report.stages.filter(({ objection }) => objection !== null)).toEqual([])
      expect(report.stages.length).toBeGreaterThan(7)
      expect(passed(report)).toBe(true)
    })
})

function waysOf({ dtype, sibling, path }: GoldenDump): readonly (readonly [string, boolean])[] {
  const [forced, free] = [['teacher-forced', false] as const, ['free-running', true] as const]
  if (dtype === 'f64') return [free]
  if (sibling !== null) return [forced]
  return path.includes('long') ? [free] : [forced, free]
}

async function check(sail: Sail, dump: GoldenDump, freeRunning: boolean) {
  const golden = await openGolden(await openFile(dump.path))
  try {
    return await verify(sail, golden, { image: imageOf(golden, dump.path), freeRunning })
  } finally {
    await golden.close()
  }
}
