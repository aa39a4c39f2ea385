// Rotary tables at small and large positions, against PyTorch: the angle is f32, so it must be made as there.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Prepared } from '../../src/node.ts'
import { Sail } from '../../src/node.ts'
import { compare } from '../../src/verify/compare.ts'
import { objection, ropeTable } from '../../src/verify/limits.ts'
import { readDump } from '../support/dumps.ts'
import { shared } from '../support/golden.ts'

describe.skipIf(shared === null)('rotary tables (skipped without the shared goldens)', () => {
  test.each([10_000, 1_000_000])('theta %i', async (theta) => {
    const golden = await readDump(`${shared}rope.safetensors`)
    const positions = Int32Array.from(golden.tensors.get('position_ids')!.data as BigInt64Array, Number)
    const S = positions.length / 3
    const sail = await modelWith({ rope_theta: theta, max_position_embeddings: 1 << 17 })
    const prepared: Prepared = {
      ...(await sail.prepare({ prompt: '' })),
      ids: new Int32Array(S),
      patchIndices: new Int32Array(S).fill(-1),
      positions,
      passes: [{ name: 'text', from: 0, to: S, mask: { kind: 'causal', window: null } }],
    }
    const run = sail.open(prepared)
    const tables = await run.pass('text', { stages: ['rope.cos', 'rope.sin'], keep: false })
    for (const part of ['cos', 'sin'])
      expect(
        objection(compare(tables.get(`rope.${part}`)!, golden.tensors.get(`theta${theta}.${part}`)!), ropeTable),
      ).toBeNull()
    run.close()
    await sail.close()
  })
})

/** The small model with a changed config. */
function modelWith(config: object): Promise<Sail> {
  const folder = `${shared}models/p14/`
  const read = (name: string) => readFileSync(folder + name)
  const changed = JSON.stringify({ ...JSON.parse(read('config.json').toString()), ...config })
  const files = ['model.safetensors', 'tokenizer.json'].map((name) => [name, new Blob([read(name)])] as const)
  return Sail.load(new Map([...files, ['config.json', new Blob([changed])]]))
}
