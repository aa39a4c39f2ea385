// Proof that verification bites: a mistake put into one stage of a dump is found at that stage and nowhere before. Both
// kinds: a single wrong tensor, and a whole run of a port that makes the mistake, where everything behind it follows.
import { afterAll, beforeAll, vi } from 'vitest'
import { Sail } from '../../src/node.ts'
import { model } from './mistakes.ts'
import { wrongRuns } from './wrong-runs.ts'
import { wrongTensors } from './wrong-tensors.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let sail: Sail
beforeAll(async () => {
  sail = await Sail.load(model)
})
afterAll(() => sail.close())

wrongTensors(() => sail)
wrongRuns(() => sail)
