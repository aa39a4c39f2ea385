// The tensors of the small model that test/config/configs.ts describes, all zeros, in F32.
import { parseConfig } from '../../src/config/parse.ts'
import { expectedWeights } from '../../src/config/weight-names.ts'
import { sizeOf } from '../../src/tensor.ts'
import { configText } from '../config/configs.ts'
import type { TestTensor } from './files.ts'

export function modelTensors(): Record<string, TestTensor> {
  const config = parseConfig({ config: configText(), generation: null, hasVisEmbed: true, file: 'config.json' })
  return Object.fromEntries(
    [...expectedWeights(config)].map(([name, shape]) => [
      name,
      { dtype: 'F32', shape, data: new Uint8Array(4 * sizeOf(shape)) },
    ]),
  )
}
