// Which tensor of the checkpoint is kept in which form, how many bytes that takes, and where its layer lives. Pure: from
// config, dtypes and the chosen format alone, so that memory is known before any is taken.
//   matrix  panels of 8 outputs, in the chosen format (src/weights/formats/packed.ts)
//   table   rows as they are, for gather: f32, or bf16 where the checkpoint has bf16 or bf16 was chosen
//   vector  f32: norm weights and biases
// A tied head is the embedding table a second time, as a matrix.
import type { ModelConfig } from '../../../config/model-config.ts'
import { modelWeights } from '../../../config/weight-names.ts'
import { sizeOf } from '../../../tensor.ts'
import { PANEL, panelBytes } from '../../../weights/formats/packed.ts'
import type { WeightDtype } from '../../backend.ts'
import type { StoredFormat } from './program.ts'

export type WeightFormat = 'exact' | StoredFormat

export interface StoredWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly role: 'matrix' | 'table' | 'vector'
  readonly format: StoredFormat
  readonly bytes: number
  /** Layer, or the ends of the model. */
  readonly home: number | 'first' | 'last'
}

type DtypeOf = (name: string) => WeightDtype

/** All of them, in the order of the data. */
export function storedWeights(config: ModelConfig, dtypeOf: DtypeOf, format: WeightFormat): StoredWeight[] {
  const { embed, visEmbed, layers, finalNorm, head } = modelWeights(config)
  const store = (
    { name, shape }: { readonly name: string; readonly shape: readonly number[] },
    role: StoredWeight['role'],
    home: StoredWeight['home'],
  ): StoredWeight => {
    const stored = formatOf(role, home, dtypeOf(name), format)
    return { name, shape, role, format: stored, bytes: bytesOf(role, shape, stored), home }
  }
  return [
    store(embed, 'table', 'first'),
    ...(visEmbed === null ? [] : [store(visEmbed, 'matrix', 'first')]),
    ...layers.flatMap(({ inputNorm, postNorm, ...linears }, i) => [
      ...[inputNorm, postNorm].map((norm) => store(norm, 'vector', i)),
      ...Object.values(linears).flatMap(({ weight, bias }) => [
        store(weight, 'matrix', i),
        ...(bias === null ? [] : [store(bias, 'vector', i)]),
      ]),
    ]),
    store(finalNorm, 'vector', 'last'),
    store(head, 'matrix', 'last'),
  ]
}

function formatOf(
  role: StoredWeight['role'],
  home: StoredWeight['home'],
  dtype: WeightDtype,
  wanted: WeightFormat,
): StoredFormat {
  if (role === 'vector') return 'f32'
  const exact = dtype === 'BF16' ? 'bf16' : 'f32'
  if (wanted === 'exact') return exact
  if (wanted === 'f32' || wanted === 'bf16') return wanted
  // Embedding rows and the patch embedding stay exact: they are few, and every layer builds on them.
  if (home === 'first') return exact
  return home === 'last' ? HEAD[wanted] : wanted
}

/** The head decides between neighbouring logits, and is a fiftieth of the weights. */
const HEAD = { q8: 'q8', q4: 'q8' } as const

function bytesOf(role: StoredWeight['role'], shape: readonly number[], format: StoredFormat): number {
  if (role === 'matrix') return Math.ceil(shape[0] / PANEL) * panelBytes(format, shape[1])
  return sizeOf(shape) * (format === 'bf16' ? 2 : 4)
}
