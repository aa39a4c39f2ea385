// `verify` on the wasm backend: every golden case that is there, as the dump's inputs force it and running free, within twice
// the reference backend's limits; greedy ids equal; both builds, one thread and two. The shared cases are there beside a
// checkout only; threads need the compiled library.
import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { openFile } from '../../../src/node/file-source.ts'
import { Sail } from '../../../src/node.ts'
import { type GoldenFile, openGolden } from '../../../src/verify/golden-file.ts'
import { passed } from '../../../src/verify/report.ts'
import { verify } from '../../../src/verify/verify.ts'
import { modules } from '../../kernels/arena.ts'
import { root, shared } from '../../support/golden.ts'
import { built } from './wasm-engine.ts'

vi.setConfig({ testTimeout: 120_000 })

const own = `${root}golden/cases/`
const others = shared ?? ''
const cases = [
  ...listed(own).map((file) => [file, own, own] as const),
  ...(shared === null ? [] : listed(`${others}cases/`).map((file) => [file, `${others}cases/`, others] as const)),
]

/** Cases by the folder of their model. */
const models = await byModel()

async function byModel(): Promise<[string, (typeof cases)[number][]][]> {
  const found = new Map<string, (typeof cases)[number][]>()
  for (const one of cases) {
    const golden = await openGolden(await openFile(`${one[1]}${one[0]}`))
    const model = `${one[2]}models/${golden.metadata.get('model')}`
    found.set(model, [...(found.get(model) ?? []), one])
    await golden.close()
  }
  return [...found]
}

/** Dumps that were not made in bf16. */
function listed(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.safetensors') && !name.includes('.bf16.'))
}

test.skipIf(shared === null)('the shared goldens take part (skipped where they are not)', () => {
  expect(cases.length).toBeGreaterThan(listed(own).length)
})

/** The sources as they are: the calling thread, memory that is not shared. */
describe.each(cases)('%s', (file, folder, base) => {
  test.each([
    ['teacher-forced', false],
    ['free-running', true],
  ] as const)('%s', async (_, freeRunning) => {
    const golden = await openGolden(await openFile(`${folder}${file}`))
    const sail = await Sail.load(`${base}models/${golden.metadata.get('model')}`, { backend: 'wasm', weights: 'f32' })
    try {
      expect(sail.info.backend).toBe('wasm')
      await expectAgreement(sail, golden, base, freeRunning)
    } finally {
      await sail.close()
      await golden.close()
    }
  })
})

describe.skipIf(!built)('on a team of workers (skipped before npm run build)', () => {
  for (const kernels of ['strict', 'relaxed'] as const)
    describe.skipIf(modules[kernels] === null)(
      `${kernels}${modules[kernels] ? '' : ' (this engine has it not)'}`,
      () => {
        for (const threads of [1, 2])
          test.each(models)(`${threads} threads: every case of %s`, async (model, own) => {
            const { Sail: Built }: { Sail: typeof Sail } = await import(`${root}dist/node.js`)
            const sail = await Built.load(model, { backend: 'wasm', weights: 'f32', kernels, threads })
            try {
              expect(sail.info).toMatchObject({ backend: 'wasm', kernels, threads })
              for (const [file, folder, base] of own) {
                const golden = await openGolden(await openFile(`${folder}${file}`))
                for (const freeRunning of [false, true]) await expectAgreement(sail, golden, base, freeRunning)
                await golden.close()
              }
            } finally {
              await sail.close()
            }
          })
      },
    )
})

async function expectAgreement(sail: Sail, golden: GoldenFile, base: string, freeRunning: boolean): Promise<void> {
  const image = imageOf(base, golden.metadata.get('image'))
  const report = await verify(sail, golden, { image, freeRunning })
  expect(report.stages.filter(({ objection }) => objection !== null)).toEqual([])
  expect(report.stages.length).toBeGreaterThan(7)
  expect(passed(report)).toBe(true)
}

function imageOf(base: string, image: string | undefined): string | null {
  return image !== undefined && existsSync(`${base}${image}`) ? `${base}${image}` : null
}
