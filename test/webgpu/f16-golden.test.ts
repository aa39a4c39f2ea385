// `verify` with activations f16 on every dump that is there. An f16 has ten bits of fraction where bf16 has seven, so a stage
// may be an eighth as far from the dump as PyTorch's own bf16 run is from f64 (src/verify/yardstick.ts). Measured: at most
// 90 % of that, in attn_heads. What is exact stays so, the greedy ids too.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findStage } from '../../src/graph/stages-names.ts'
import { openFile } from '../../src/node/file-source.ts'
import { Sail } from '../../src/node.ts'
import { openGolden } from '../../src/verify/golden-file.ts'
import { rowAllowance, yardstick } from '../../src/verify/limits.ts'
import type { StageReport } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { writeAmounts } from '../support/amounts.ts'
import { goldenDumps } from '../support/golden-cases.ts'
import { imageOf } from '../support/image-of.ts'
import { noF16, skippedF16 } from './half-adapter.ts'

const dumps = goldenDumps.filter(({ dtype }) => dtype !== 'bf16')
const models = [...new Set(dumps.map(({ model }) => model))]

describe.skipIf(noF16 !== '').each(models)(`%s${skippedF16}`, (model) => {
  let sail: Sail
  let largest = { share: 0, where: '' }
  let count = 0
  beforeAll(async () => {
    sail = await Sail.load(model, { backend: 'webgpu', weights: 'f32', activations: 'f16' })
    expect(sail.info.notes.join()).toContain('activations f16')
  })
  afterAll(async () => {
    await sail?.close()
    const head = ['largest share of a limit with activations f16', 'close stages', 'share', 'where']
    const name = model.split('/').at(-1)!
    writeAmounts('limits reached in f16', head, [[name, count, largest.share.toFixed(2), largest.where]], name)
  })

  for (const dump of dumps.filter((each) => each.model === model))
    test.each(['teacher-forced', 'free-running'] as const)(`${dump.name} agrees, %s`, async (way) => {
      const golden = await openGolden(await openFile(dump.path))
      try {
        const image = imageOf(golden, dump.path)
        const { stages } = await verify(sail, golden, { image, freeRunning: way === 'free-running' })
        expect(stages.length).toBeGreaterThan(7)
        for (const stage of stages) {
          const where = `${stage.name} of ${dump.name}, ${way}`
          if (stage.limit.kind === 'exact') {
            expect(stage.objection, where).toBeNull()
            continue
          }
          const share = shareOf(stage, sail.config.dims.L)
          if (!(share <= 1)) expect.fail(`${where}: ${share} of its limit`)
          count++
          if (share > largest.share) largest = { share, where }
        }
      } finally {
        await golden.close()
      }
    })
})

/** 1 is the whole limit, of a tensor or of one of its rows; NaN for what cannot be compared. */
function shareOf({ name, comparison, limit }: StageReport, L: number): number {
  const { fault, nonFinite, relL2, maxAbs, row } = comparison
  if (fault !== null || nonFinite !== null) return Number.NaN
  if (limit.kind === 'close' && limit.by === 'max_abs') return maxAbs / limit.value // rotary tables, which are f32
  const stage = findStage(name)!.row.name.replace('layers.i.', '')
  return Math.max(relL2, row.relL2 / rowAllowance) / (yardstick(stage, 'bf16', L) / 8)
}
