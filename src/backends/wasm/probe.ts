// Whether relaxed kernels compute what strict ones do: the same small matrices through both, often enough for the engine
// to have compiled them for good. Integer paths must agree to the bit; sums that may be fused may differ by rounding.
import type { KernelExports } from './kernel-exports.ts'

const INNER = 64
const COLS = 16
const ROWS = 7
/** Calls: engines replace their first, quick code after some hundred. */
const CALLS = 300

const formats = ['f32', 'bf16', 'q8', 'q4', 'q8_int', 'q4_int'] as const

type Probed = (typeof formats)[number]

/** What the relaxed kernels get wrong, or null. */
export function disagreement(
  relaxed: KernelExports,
  memory: WebAssembly.Memory,
  strict: KernelExports,
  strictMemory: WebAssembly.Memory,
): string | null {
  for (const format of formats) {
    const wanted = multiply(format, strict, strictMemory)
    for (let call = 0; call < CALLS; call++) {
      const got = multiply(format, relaxed, memory)
      const scale = Math.hypot(...wanted)
      const wrong = got.findIndex((value, i) => !(Math.abs(value - wanted[i]) <= 1e-5 * scale))
      if (wrong !== -1) return `matmul_${format} gives ${got[wrong]} for ${wanted[wrong]} in call ${call + 1}`
    }
  }
  return null
}

function multiply(format: Probed, kernels: KernelExports, { buffer }: WebAssembly.Memory): Float32Array {
  const base = Math.ceil(kernels.heap_base() / 64) * 64
  const [weights, x, packed, quantized, out, scratch] = [0, 1, 2, 3, 4, 5].map((i) => base + i * 65536)
  const stored = format.slice(0, format.indexOf('_') === -1 ? undefined : format.indexOf('_')) as
    | 'f32'
    | 'bf16'
    | 'q8'
    | 'q4'
  new Float32Array(buffer, weights, COLS * INNER).set(wave(COLS * INNER, 7))
  new Float32Array(buffer, x, ROWS * INNER).set(wave(ROWS * INNER, 5))
  const panel = kernels[`panel_bytes_${stored}`](INNER)
  for (let p = 0; p < COLS / 8; p++)
    kernels[`pack_${stored}`](packed + p * panel, weights + p * 8 * INNER * 4, 0, INNER, 8)
  const int = format === 'q8_int' || format === 'q4_int'
  if (int) kernels.quantize_rows(quantized, x, INNER, 0, ROWS)
  kernels[`matmul_${format}`](out, int ? quantized : x, packed, ROWS, INNER, COLS, COLS, 0, COLS / 8, scratch)
  return new Float32Array(buffer, out, ROWS * COLS).slice()
}

/** Numbers of both signs, all different. */
function wave(n: number, step: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => Math.sin(i * step + 1) * (1 + (i % 5)))
}
