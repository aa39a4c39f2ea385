/** What a backend probes its kernels with: numbers of both signs, all different. */
export function wave(n: number, step: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: n }, (_, i) => Math.sin(i * step + 1) * (1 + (i % 5)))
}
