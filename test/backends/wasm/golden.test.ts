// `verify` on the wasm backend: every golden case that is there, teacher-forced, within twice the reference backend's
// limits; greedy ids equal. The shared cases are there beside a checkout only.
import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { openFile } from '../../../src/node/file-source.ts'
import { Sail } from '../../../src/node.ts'
import { openGolden } from '../../../src/verify/golden-file.ts'
import { passed } from '../../../src/verify/report.ts'
import { verify } from '../../../src/verify/verify.ts'
import { root, shared } from '../../support/golden.ts'

vi.setConfig({ testTimeout: 120_000 })

const own = `${root}golden/cases/`
const others = shared ?? ''
const cases = [
  ...listed(own).map((file) => [file, own, own] as const),
  ...(shared === null ? [] : listed(`${others}cases/`).map((file) => [file, `${others}cases/`, others] as const)),
]

/** Dumps that were not made in bf16. */
function listed(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.safetensors') && !name.includes('.bf16.'))
}

test.skipIf(shared === null)('the shared goldens take part (skipped where they are not)', () => {
  expect(cases.length).toBeGreaterThan(listed(own).length)
})

describe.each(cases)('%s', (file, folder, base) => {
  test.each([
    ['teacher-forced', false],
    ['free-running', true],
  ] as const)('%s', async (_, freeRunning) => {
    const golden = await openGolden(await openFile(`${folder}${file}`))
    const image = imageOf(base, golden.metadata.get('image'))
    const sail = await Sail.load(`${base}models/${golden.metadata.get('model')}`, { backend: 'wasm', weights: 'f32' })
    try {
      expect(sail.info.backend).toBe('wasm')
      const report = await verify(sail, golden, { image, freeRunning })
      expect(report.stages.filter(({ objection }) => objection !== null)).toEqual([])
      expect(report.stages.length).toBeGreaterThan(7)
      expect(passed(report)).toBe(true)
    } finally {
      await sail.close()
      await golden.close()
    }
  })
})

function imageOf(base: string, image: string | undefined): string | null {
  return image !== undefined && existsSync(`${base}${image}`) ? `${base}${image}` : null
}
