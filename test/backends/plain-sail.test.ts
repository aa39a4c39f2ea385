import { test } from 'vitest'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { tiny } from '../model/tiny.ts'
import { expectClose } from './close.ts'
import { plainSail } from './plain-sail.ts'
import { randomWeights, sourceOf, tinyEngine, tinyPass, tokens } from './tiny-engine.ts'

const dims = { ...tiny.dims, H: 4, G: 2 }
const configs: [string, ModelConfig][] = [
  ['three query heads on one key head', tiny],
  [
    'four query heads on two key heads, of a size that is not D / H',
    { ...tiny, dims: { ...dims, E: 6 }, ropeSections: [1, 1, 1] },
  ],
  [
    'biases on q, k, v and o, and 1-D rope',
    { ...tiny, bias: { q: true, k: true, v: true, o: true }, ropeSections: [2, 0, 0] },
  ],
  ['a tied head', { ...tiny, tied: true }],
]

test.each(configs)('the engine computes what the formulas say: %s', async (_, config) => {
  const weights = randomWeights(config)
  const engine = await tinyEngine(config, { weights: sourceOf(config, weights) })
  const run = await engine.run(tinyPass(engine.createCache(), config, { range: [0, 6], outputs: ['logits'] }))
  const input = {
    ids: [...tokens.ids],
    patchIndices: [...tokens.patchIndices],
    axes: tokens.axes,
    patches: [0, 1].map((p) => [...tokens.patches.data.subarray(p * 12, (p + 1) * 12)]),
  }
  const plain = Float64Array.from(plainSail(config, weights, input).flat())
  // A whole pass in f32: PyTorch's own error over its passes is 1.1e-6 (FORMAT.md, logits); rows of 7 vary more.
  expectClose(run.get('logits')!.data, plain, 7, 1.1e-6)
})
