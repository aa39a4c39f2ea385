// What a model takes, planned on paper; and the arena that hands out the bytes.
import { expect, test } from 'vitest'
import { Arena } from '../../../src/backends/wasm/memory/arena.ts'
import { planMemory } from '../../../src/backends/wasm/plan/plan-memory.ts'
import { layRegisters } from '../../../src/backends/wasm/plan/size-registers.ts'
import { storedWeights } from '../../../src/backends/wasm/plan/stored-weights.ts'
import { requireMemory } from '../../../src/backends/wasm/require-memory.ts'
import type { ModelConfig } from '../../../src/config/model-config.ts'
import { tiny } from '../../model/tiny.ts'
import { programOf } from './program-of.ts'

/** The published model's sizes. */
const sail7b: ModelConfig = {
  ...tiny,
  dims: { D: 4096, H: 32, G: 8, E: 128, F: 14336, V: 33030, L: 32 },
  patchSize: 14,
  ropeSections: [0, 32, 32],
  maxPositions: 32768,
}
const bf16 = () => 'BF16' as const
const gigabytes = (format: 'exact' | 'f32' | 'q8' | 'q4') => planMemory(sail7b, bf16, format).total / 1e9

test('a 7B model takes what its format says, and a few hundred megabytes to work in', () => {
  expect(gigabytes('q4')).toBeLessThan(5.12)
  expect(gigabytes('q4')).toBeGreaterThan(4.2)
  expect(gigabytes('q8')).toBeLessThan(8.7)
  expect(gigabytes('exact')).toBeLessThan(15.8)
  expect(gigabytes('f32')).toBeLessThan(31) // eight memories, each with room for the values of a pass
})

test('layers are dealt out in order over as few memories as will do', () => {
  const { shards } = planMemory(sail7b, bf16, 'exact')
  expect(shards.weights.length).toBe(4)
  expect([...shards.shardOfLayer]).toEqual([...shards.shardOfLayer].sort((a, b) => a - b))
  expect(Math.max(...shards.weights)).toBeLessThan(4e9)
  expect(planMemory(tiny, bf16, 'q4').shards.shardOfLayer).toEqual([0, 0])
})

test('a tied head is the table itself where both are the same bytes in one memory', () => {
  const bytes = (format: 'bf16' | 'q4', tied: boolean) => planMemory({ ...tiny, tied }, bf16, format).weights
  const head = storedWeights(tiny, bf16, 'q4').at(-1)!
  expect(head.name).toBe('lm_head.weight')
  expect(bytes('q4', false) - bytes('q4', true)).toBe(head.bytes)
  expect(bytes('bf16', false)).toBe(bytes('bf16', true)) // rows to look up, panels to multiply with
})

test('a layer that no memory can hold is an error', () => {
  expect(() => planMemory(sail7b, bf16, 'f32', { shardBytes: 5e8 })).toThrow(
    expect.objectContaining({ code: 'E_MEMORY_SHARD' }),
  )
})

test('what does not fit is refused with the most exact format that does', async () => {
  const machine = (bytes: number) => ({
    config: sail7b,
    dtype: bf16,
    options: {},
    host: { memory: async () => ({ bytes, source: 'the memory of the machine' }) },
  })
  const plan = planMemory(sail7b, bf16, 'f32')
  const hint = async (bytes: number) => {
    const error = await requireMemory(plan, machine(bytes)).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'E_MEMORY_SHORT' })
    return (error as { hint: string }).hint
  }
  expect(await hint(24e9)).toContain('weights exact fits')
  expect(await hint(10e9)).toContain('weights q8 fits')
  expect(await hint(6e9)).toContain('weights q4 fits')
  expect(await hint(2e9)).toContain('no weight format fits')
  await expect(requireMemory(plan, machine(40e9))).resolves.toBeUndefined()
})

test.each(['q4', 'f32'] as const)('values of a pass take what the plan says, %s', (format) => {
  const program = programOf(sail7b, { patches: true, outputs: ['next_logits'], format })
  for (const P of [1024, 4096]) {
    const S = P + 2
    const [bytes] = layRegisters(program.registers, { S, K: S, P }, 1).bytes
    const { scratch } = planMemory(sail7b, bf16, format, { tokens: S, passTokens: S, threads: 0 })
    expect(bytes).toBeLessThan(scratch)
    expect(bytes).toBeGreaterThan(scratch * 0.9)
    expect(scratch).toBeLessThan(0.15e9)
  }
})

test('an arena reuses what comes back, joins neighbours and stays below its limit', () => {
  const arena = new Arena(100, 1024)
  const [a, b, c] = [arena.take(64)!, arena.take(100)!, arena.take(64)!]
  expect([a, b, c]).toEqual([128, 192, 320])
  arena.give(a)
  arena.give(b)
  expect(arena.take(192)).toBe(128)
  expect(arena.size).toBe(384)
  arena.give(c)
  expect(arena.take(128)).toBe(320)
  expect(arena.take(1000)).toBeNull()
  expect(arena.size).toBe(448)
})
