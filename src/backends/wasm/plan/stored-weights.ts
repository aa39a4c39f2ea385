// Which tensor of the checkpoint is kept in which form, how many bytes that takes, and where its layer lives. Pure: from
// config, dtypes and the chosen format alone, so that memory is known before any is taken.
//   matrix  panels of 8 outputs, in the chosen format (src/weights/formats/packed.ts)
//   table   for gather: rows as they are, f32 or bf16; with q8 and q4 weights the panels of a q8 matrix
//   vector  f32: norm weights and biases
// A tied head is the embedding table a second time, as a matrix; with q8 and q4 weights both are the same panels, and one
// copy serves where both live in one memory.
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
  // Both ends of the model are few weights: every layer builds on the first, and the last decides between neighbouring
  // logits. The patch embedding, a thousandth, stays exact; tokens and head lose least for their bytes in q8.
  if (role === 'table' || home === 'last') return 'q8'
  return home === 'first' ? exact : wanted
}

/** Whether a weight is kept in panels; else in rows. */
export function inPanels({ role, format }: Pick<StoredWeight, 'role' | 'format'>): boolean {
  return role === 'matrix' || format === 'q8'
}

function bytesOf(role: StoredWeight['role'], shape: readonly number[], format: StoredFormat): number {
  if (inPanels({ role, format })) return Math.ceil(shape[0] / PANEL) * panelBytes(format, shape[1])
  return sizeOf(shape) * (format === 'bf16' ? 2 : 4)
}
