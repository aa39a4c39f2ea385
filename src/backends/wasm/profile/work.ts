// How much work an instruction is, from its sizes alone: arithmetic operations (a multiply-add is two) and the bytes that
// must come from memory. For a matrix those are its packed weights, read once; for attention the cached keys and values;
// for all else the values that go in and out. What stays in a cache between is not counted, so these are lower bounds.
import { panelBytes } from '../../../weights/formats/packed.ts'
import type { Frame, Instruction, Program } from '../plan/program.ts'

export interface Work {
  readonly flops: number
  readonly bytes: number
}

/** `rows` of the step, on all workers together. */
export function workOf(step: Instruction, rows: number, { sizes: { H, G, E } }: Program, frame: Frame): Work {
  const cacheBytes = frame.f16Cache ? 2 : 4
  switch (step.kind) {
    case 'linear': {
      const { format, inner, cols } = step.weight
      return { flops: 2 * rows * inner * cols, bytes: Math.ceil(cols / 8) * panelBytes(format, inner) }
    }
    case 'attention':
    case 'attnWeights':
    case 'attnMix': {
      const halves = step.kind === 'attention' ? 2 : 1 // q . k, and weights . v
      const pairs = (visiblePairs(frame) * rows) / frame.S // of a block of rows its share
      return { flops: halves * 2 * E * H * pairs, bytes: halves * frame.K * G * E * cacheBytes }
    }
    case 'gather':
    case 'scatterAdd':
      return elementwise(rows * step.D, 2, step.kind === 'gather' ? 0 : 1)
    case 'quantize':
      return elementwise(rows * step.inner, 1.25, 3)
    case 'addBias':
      return elementwise(rows * step.cols, 2, 1)
    case 'copy':
      return elementwise(rows * step.width, 2, 0)
    case 'rmsNorm':
      return elementwise(rows * step.D, 2, 4)
    case 'rope':
      return elementwise(rows * step.heads * E, 2, 3)
    case 'ropeToCache':
      return elementwise(rows * G * E, 2, 3)
    case 'storeK':
    case 'storeV':
      return elementwise(rows * G * E, 2, 0)
    case 'swiglu':
      return elementwise(rows * step.F, 3, 5)
    case 'add':
      return elementwise(rows * step.D, 3, 1)
    case 'topK':
      return elementwise(step.V, 1, 1)
    default:
      return step satisfies never
  }
}

/** Pairs of query and key that the mask lets through. */
export function visiblePairs({ S, K, mask, window }: Pick<Frame, 'S' | 'K' | 'mask' | 'window'>): number {
  let pairs = 0
  for (let s = 0; s < S; s++) {
    const last = mask === 1 ? K - S + s + 1 : K
    pairs += window > 0 ? Math.min(last, window) : last
  }
  return pairs
}

/** 'linear q4 int 4096 x 14336' for a matrix, the kind of the op for all else. */
export function nameOf(step: Instruction): string {
  if (step.kind !== 'linear') return step.kind
  const { format, inner, cols } = step.weight
  const dots = step.dots === 'exact' || format === 'f32' || format === 'bf16' ? '' : ` ${step.dots}`
  return `linear ${format}${dots} ${inner} x ${cols}`
}

function elementwise(elements: number, values: number, flops: number): Work {
  return { flops: flops * elements, bytes: 4 * values * elements }
}
