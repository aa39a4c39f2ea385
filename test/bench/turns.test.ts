// How benches compare and what they run, on a clock that is made up and on the small model.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { passTimes } from '../../bench/passes.ts'
import { inTurns } from '../../bench/turns.ts'
import { Sail } from '../../src/node.ts'
import { root } from '../support/golden.ts'

test('a job is held against the base before and after it, so a drift of both falls out', async () => {
  let speed = 1
  const drifting = (rate: number) => async () => {
    speed *= 0.9
    return rate * speed
  }
  const { base, rate, ratio } = await inTurns(drifting(10), drifting(30), 0)
  expect([base.runs, rate.runs, ratio.runs]).toEqual([4, 3, 3])
  for (const each of [ratio.p10, ratio.median, ratio.p90]) expect(each).toBeCloseTo(3 / ((0.9 + 1 / 0.9) / 2), 10)
})

test('a job that fails ends the comparison with its error', async () => {
  const broken = async (): Promise<number> => {
    throw new Error('no kernel')
  }
  await expect(inTurns(async () => 1, broken, 0)).rejects.toThrow('no kernel')
})

test('prefix passes of every size, tokens behind the largest, and a context that grows at last', async () => {
  const sail = await Sail.load(join(root, 'golden', 'tiny'), { backend: 'reference' })
  try {
    const lengths: number[] = []
    const watched = {
      config: sail.config,
      open: (...args: Parameters<typeof sail.open>) => {
        const run = sail.open(...args)
        const close = run.close.bind(run)
        run.close = () => {
          lengths.push(run.length)
          close()
        }
        return run
      },
    }
    const { prefix, decode } = await passTimes(watched, { tokens: [4, 8], runs: 2, steps: 3, grow: 12 })
    expect(Object.entries(prefix).map(([tokens, times]) => [tokens, times.length])).toEqual([
      ['4', 2],
      ['8', 2],
    ])
    expect(decode).toHaveLength(3)
    expect(lengths).toEqual([0, 0, 0, 4, 4, 8, 12])
    for (const seconds of [...Object.values(prefix).flat(), ...decode]) expect(seconds).toBeGreaterThan(0)
  } finally {
    await sail.close()
  }
})
