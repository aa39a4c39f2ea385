// A config small enough to follow by hand, with every size different.
import { families } from '../../src/config/family.ts'
import type { ModelConfig } from '../../src/config/model-config.ts'

export const tiny: ModelConfig = {
  family: families.sail,
  dims: { D: 12, H: 3, G: 1, E: 4, F: 10, V: 7, L: 2 },
  patchSize: 2,
  rmsNormEps: 1e-5,
  ropeTheta: 100,
  ropeSections: [0, 1, 1],
  slidingWindow: null,
  maxPositions: 64,
  tied: false,
  bias: { q: false, k: false, v: false, o: false },
  eosIds: [2],
}
