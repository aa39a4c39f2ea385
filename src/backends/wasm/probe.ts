// What relaxed kernels are worth on this engine: whether they compute what strict ones do, and which of two instructions
// for whole-number dots is the faster. The same small matrices go through all, often enough for the engine to have
// compiled the kernels for good. Integer sums agree to the bit; f32 sums that may be fused differ by rounding.
import { wave } from '../probe-values.ts'
import type { KernelExports } from './kernel-exports.ts'
import type { StoredFormat } from './plan/program.ts'

const INNER = 256
const COLS = 32
const ROWS = 24
/** Calls: engines replace their first, quick code after some hundred. */
const CALLS = 200
/** Timings of each instruction; the best of them counts. */
const TIMINGS = 20

const kernelsOf = {
  f32: ['f32'],
  bf16: ['bf16'],
  q8: ['q8', 'q8_int', 'q8_fused'],
  q4: ['q4', 'q4_int', 'q4_fused'],
} as const satisfies Record<StoredFormat, readonly string[]>

type Probed = (typeof kernelsOf)[StoredFormat][number]

/** What the relaxed kernels for these weight formats get wrong, or null. */
export function disagreement(
  formats: ReadonlySet<StoredFormat>,
  relaxed: KernelExports,
  memory: WebAssembly.Memory,
  strict: KernelExports,
  strictMemory: WebAssembly.Memory,
): string | null {
  for (const format of [...formats].flatMap((stored): readonly Probed[] => kernelsOf[stored])) {
    const wanted = prepare(format, strict, strictMemory)()
    const size = Math.hypot(...wanted) / Math.sqrt(wanted.length)
    const multiply = prepare(format, relaxed, memory)
    for (let call = 1; call <= CALLS; call++) {
      const got = multiply()
      // Sums that may be fused differ in the last places, always or never: the engine's tiers are what is looked for.
      const wrong = got.findIndex((value, i) => !(Math.abs(value - wanted[i]) <= 1e-5 * size))
      if (wrong !== -1) return `matmul_${format} gives ${got[wrong]} for ${wanted[wrong]} in call ${call}`
    }
  }
  return null
}

/** By timing, for the formats in use: the fused instruction is one on some CPUs and five on others. */
export function fasterFused(
  formats: ReadonlySet<StoredFormat>,
  kernels: KernelExports,
  memory: WebAssembly.Memory,
): Record<'q8' | 'q4', boolean> {
  const best = (format: Probed): number => {
    const multiply = prepare(format, kernels, memory)
    const times = Array.from({ length: TIMINGS }, () => {
      const start = performance.now()
      for (let i = 0; i < 5; i++) multiply()
      return performance.now() - start
    })
    return Math.min(...times)
  }
  const faster = (format: 'q8' | 'q4'): boolean =>
    formats.has(format) && best(`${format}_fused`) < best(`${format}_int`)
  return { q8: faster('q8'), q4: faster('q4') }
}

/** A multiplication with everything in place; each call gives its result. */
function prepare(format: Probed, kernels: KernelExports, { buffer }: WebAssembly.Memory): () => Float32Array {
  const base = Math.ceil(kernels.heap_base() / 64) * 64
  const [weights, x, packed, quantized, out, scratch] = [0, 1, 2, 3, 4, 5].map((i) => base + i * 65536)
  const stored = format.split('_')[0] as StoredFormat
  new Float32Array(buffer, weights, COLS * INNER).set(wave(COLS * INNER, 7))
  new Float32Array(buffer, x, ROWS * INNER).set(wave(ROWS * INNER, 5))
  const panel = kernels[`panel_bytes_${stored}`](INNER)
  for (let p = 0; p < COLS / 8; p++)
    kernels[`pack_${stored}`](packed + p * panel, weights + p * 8 * INNER * 4, 0, INNER, 8)
  const whole = format.includes('_') && (stored === 'q8' || stored === 'q4')
  if (whole) kernels[`quantize_rows_${stored}`](quantized, x, INNER, 0, ROWS)
  return () => {
    const from = whole ? quantized : x
    kernels[`matmul_${format}`](out, from, packed, ROWS, INNER, COLS, COLS, 0, COLS / 8, scratch)
    return new Float32Array(buffer, out, ROWS * COLS).slice()
  }
}
