// How many threads a model gets: what was asked for, or what cores, quota and size of the model allow, with the reason.
import { describe, expect, test } from 'vitest'
import type { WasmHost, WorkerHandle } from '../../../src/backends/wasm/host.ts'
import { chooseTeam } from '../../../src/backends/wasm/team/create-team.ts'

const startWorker = (): WorkerHandle => {
  throw new Error('no worker is started to count threads')
}
const host = (own: Partial<WasmHost>): WasmHost => ({
  compile: () => Promise.reject(new Error('nothing is compiled to count threads')),
  startWorker,
  readsFiles: false,
  shared: true,
  why: '',
  cores: async () => 8,
  memory: async () => ({ bytes: null, source: '' }),
  vectorBits: () => 128,
  ...own,
})
const LARGE = 4e9

describe('threads auto', () => {
  test.each([
    [1, 1],
    [2, 2],
    [16, 16],
    [64, 16],
  ])('with %i cores and a large model is %i', async (cores, threads) => {
    const team = await chooseTeam('auto', LARGE, host({ cores: async () => cores }))
    expect(team).toEqual({ threads, shared: true, notes: [] })
  })

  test('is a thread for each 8 MB of a small model, and says so', async () => {
    const team = await chooseTeam('auto', 20e6, host({}))
    expect(team.threads).toBe(3)
    expect(team.notes).toEqual(['threads auto: 3, the model is too small for more'])
  })

  test.each([
    [
      'without shared memory',
      { shared: false, why: 'this page is not isolated' },
      'one thread: this page is not isolated',
    ],
    ['without workers', { startWorker: null, why: 'no workers here' }, 'one thread, the calling one: no workers here'],
  ] as const)('%s is one, and the notes say why', async (_, own, note) => {
    expect(await chooseTeam('auto', LARGE, host(own))).toEqual({ threads: 1, shared: false, notes: [note] })
    expect((await chooseTeam(1, LARGE, host(own))).threads).toBe(1)
    await expect(chooseTeam(2, LARGE, host(own))).rejects.toThrow(
      expect.objectContaining({ code: 'E_OPTION_UNAVAILABLE' }),
    )
  })
})

test('threads that were asked for are taken as they are, however small the model', async () => {
  expect((await chooseTeam(5, 1000, host({}))).threads).toBe(5)
})
