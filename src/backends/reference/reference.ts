// The reference backend: plain loops with f64 sums, one op after the other, written to be read. It defines what every op
// means; the fast backends are compared with it, and it with PyTorch.
import type { Backend, Engine, LoadRequest } from '../backend.ts'
import { ReferenceEngine } from './engine.ts'
import { loadWeights } from './load-weights.ts'

export const reference: Backend = {
  name: 'reference',
  /** @throws SailError E_BACKEND_WEIGHT, E_MEMORY, E_WEIGHTS_NOT_FINITE, and the source's own; signal.reason when aborted */
  async load(request: LoadRequest): Promise<Engine> {
    return new ReferenceEngine(request, await loadWeights(request))
  },
}
