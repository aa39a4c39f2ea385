// What a step of a plan is called and how much work it is: arithmetic operations (a multiply-add is two) and the bytes that
// must come from memory: the packed weights of a matrix, the cached keys and values, what goes in and out of all else.
// As in the wasm backend these are lower bounds.
import type { Dim, Op, PassSizes } from '../../../graph/graph.ts'
import { panelBytes } from '../../../weights/formats/packed.ts'
import { visiblePairs, type Work } from '../../wasm/profile/work.ts'
import type { HeadSizes } from '../kernels/attn_weights.ts'
import type { GpuSettings } from '../settings.ts'
import type { GpuWeights } from '../weights/gpu-weights.ts'

export interface OpPass {
  readonly sizes: PassSizes
  readonly mask: { readonly kind: 'full' | 'causal'; readonly window: number | null }
  readonly heads: HeadSizes
  readonly weights: GpuWeights
  readonly formats: Pick<GpuSettings, 'activations' | 'kv'>
}

const bytesOf = { f32: 4, f16: 2 } as const

export interface OpWork extends Work {
  readonly name: string
  readonly rows: number
}

export function workOf(op: Op, pass: OpPass): OpWork {
  const [first, ...rest] = op.out.shape.map((dim) => sizeIn(dim, pass.sizes))
  const values = rest.reduce((product, size) => product * size, first)
  const stored = bytesOf[pass.formats.activations]
  const cached = bytesOf[pass.formats.kv]
  const of = (work: Work, name: string = op.kind, rows = pass.sizes.S): OpWork => ({ name, rows, ...work })
  switch (op.kind) {
    case 'linear': {
      const { format, inner, cols } = pass.weights.matrices.get(op.weight.name)!
      const bytes = Math.ceil(cols / 8) * panelBytes(format, inner)
      return of({ flops: 2 * first * inner * cols, bytes }, `linear ${format} ${inner} x ${cols}`, first)
    }
    case 'attention':
    case 'attnWeights':
    case 'attnMix':
      return of(attentionWork(op.kind === 'attention' ? 2 : 1, pass))
    case 'cache': {
      const { G, E } = pass.heads
      return of(elementwise(pass.sizes.S * G * E, stored + cached, 0))
    }
    case 'topK':
      return of(elementwise(Number(op.input.shape[1]), 4, 1), op.kind, 1)
    case 'lastRow':
      return of(elementwise(values, 2 * stored, 0), op.kind, 1)
    case 'gather':
      return of(elementwise(values, 8, 0))
    case 'scatterAdd':
      return of(elementwise(values, 8, 1))
    case 'rmsNorm':
      return of(elementwise(values, 4 + stored, 4), op.kind, first)
    case 'rope':
      return of(elementwise(values, 2 * stored, 3))
    case 'swiglu':
      return of(elementwise(values, 3 * stored, 5))
    case 'add':
      return of(elementwise(values, 12, 1))
    case 'rotary':
      return of({ flops: 0, bytes: 0 }) // the host's
    default:
      return op satisfies never
  }
}

/** q . k, and weights . v. */
function attentionWork(halves: number, { sizes, mask, heads: { H, G, E }, formats }: OpPass): Work {
  const pairs = visiblePairs({ ...sizes, mask: mask.kind === 'causal' ? 1 : 0, window: mask.window ?? 0 })
  return { flops: halves * 2 * E * H * pairs, bytes: halves * sizes.K * G * E * bytesOf[formats.kv] }
}

/** @param bytes in and out of an element */
function elementwise(elements: number, bytes: number, flops: number): Work {
  return { flops: flops * elements, bytes: bytes * elements }
}

function sizeIn(dim: Dim, sizes: PassSizes): number {
  return typeof dim === 'number' ? dim : sizes[dim]
}
