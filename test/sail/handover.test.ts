import { expect, test } from 'vitest'
import { handover } from '../../src/facade/handover.ts'

test('items come one by one, each made only when the one before was consumed', async () => {
  const log: string[] = []
  const items = handover<string, number>(async (take) => {
    for (const item of ['a', 'b', 'c']) {
      log.push(`make ${item}`)
      await take(item)
    }
    return 3
  })
  for (;;) {
    const { done, value } = await items.next()
    if (done) {
      expect(value).toBe(3)
      break
    }
    log.push(`use ${value}`)
  }
  expect(log).toEqual(['make a', 'use a', 'make b', 'use b', 'make c', 'use c'])
})

test('work without items gives its result', async () => {
  expect(await handover(async () => 5).next()).toEqual({ done: true, value: 5 })
})

test('what the work throws comes out of the loop', async () => {
  const items = handover<number, void>(async (take) => {
    await take(1)
    throw new Error('broken')
  })
  await items.next()
  await expect(items.next()).rejects.toThrow('broken')
})

test('a consumer that leaves aborts the work and waits for its end', async () => {
  const log: string[] = []
  const items = handover<number, void>(async (take, left) => {
    await take(1).catch(() => log.push('refused'))
    await take(2).catch(() => log.push('refused again'))
    log.push(`left ${left.aborted}`)
  })
  for await (const _ of items) break
  expect(log).toEqual(['refused', 'refused again', 'left true'])
})
