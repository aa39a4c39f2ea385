// Rates of attention beside the f32 matmul (rows 1024, inner 4096) and the multiply-add roof of the same run, one thread:
//   node scripts/build-wasm.mjs && node scripts/build-wasm.mjs --roofs && node bench/kernels/attention.ts [strict|relaxed ...]
// Each row is checked first: unit by unit against one whole call, and a row of ones in V must come out as ones. Then 31
// timed calls, the three taken in turns. Times are CPU time of the process, so that a shared machine's neighbours do not
// count; the rate is of 2 * E multiply-adds for each visible pair of query and key and each head. GB/s counts K and V once.
// Prints one JSON document: median, p10 and p90 in milliseconds.
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

type Kernel = (...args: number[]) => number
type Exports = Record<string, Kernel>

interface Shape {
  readonly name: string
  readonly S: number
  readonly K: number
  readonly H: number
  readonly G: number
  readonly E: number
  readonly mask: 0 | 1
  readonly half?: boolean
}

const SHAPES: readonly Shape[] = [
  { name: 'prefix 256', S: 256, K: 256, H: 32, G: 8, E: 128, mask: 0 },
  { name: 'prefix 1024', S: 1024, K: 1024, H: 32, G: 8, E: 128, mask: 0 },
  { name: 'prefix 1024, f16 cache', S: 1024, K: 1024, H: 32, G: 8, E: 128, mask: 0, half: true },
  { name: 'prefix 1024, heads of 64', S: 1024, K: 1024, H: 32, G: 8, E: 64, mask: 0 },
  { name: 'prompt of 64 behind 1024', S: 64, K: 1088, H: 32, G: 8, E: 128, mask: 1 },
  { name: 'step at 1024', S: 1, K: 1024, H: 32, G: 8, E: 128, mask: 1 },
  { name: 'step at 1024, f16 cache', S: 1, K: 1024, H: 32, G: 8, E: 128, mask: 1, half: true },
  { name: 'step at 1024, one head a group', S: 1, K: 1024, H: 32, G: 32, E: 128, mask: 1 },
]
const PAGES = 4096
const RUNS = 31

class Bench {
  readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: 65536, shared: true })
  readonly kernels: Exports
  readonly roofs: Exports
  readonly #build: string
  #next = 1 << 20

  constructor(build: string) {
    this.#build = build
    this.kernels = this.#load(`../../src/backends/wasm/kernels/${build}.wasm`)
    this.roofs = this.#load(`./${build}.wasm`)
  }

  #load(path: string): Exports {
    const module = new WebAssembly.Module(readFileSync(new URL(path, import.meta.url)))
    return new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports as Exports
  }

  room(bytes: number): number {
    const at = this.#next
    this.#next = Math.ceil((at + bytes) / 64) * 64
    if (this.#next > this.memory.buffer.byteLength) throw new Error('the bench needs more memory pages')
    return at
  }

  /** The rest of the memory is free again after `work`. */
  scoped<T>(work: () => T): T {
    const before = this.#next
    const result = work()
    this.#next = before
    return result
  }

  f32(at: number, n: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, n)
  }

  /** Room for n seeded values in -1..1. */
  values(n: number): number {
    const at = this.room(4 * n)
    const array = this.f32(at, n)
    let state = n >>> 0
    for (let i = 0; i < n; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      array[i] = state / 2 ** 31 - 1
    }
    return at
  }

  row(shape: Shape): object {
    return this.scoped(() => {
      const attention = this.#attention(shape)
      this.#check(shape, attention)
      const calls = [attention, this.#matmul(), this.#roof()]
      const times = inTurns(calls.map(({ run }) => run))
      const [rate, matmul, roof] = calls.map(({ flops }, i) => flops / quantile(times[i], 0.5) / 1e6)
      const bytes = (shape.half ? 4 : 8) * shape.K * shape.G * shape.E * attention.part
      return {
        kernel: shape.half ? 'attention_f16' : 'attention',
        build: this.#build,
        ...shape,
        ms: [0.5, 0.1, 0.9].map((q) => round(quantile(times[0], q) / attention.part)),
        gflops: round(rate),
        matmul_f32_gflops: round(matmul),
        madd_roof_gflops: round(roof),
        share_of_matmul: round(rate / matmul),
        ...(shape.S === 1 ? { cache_gb_per_s: round(bytes / quantile(times[0], 0.5) / 1e6) } : {}),
      }
    })
  }

  #attention({ S, K, H, G, E, mask, half }: Shape) {
    const suffix = half ? '_f16' : ''
    const q = this.values(H * S * E)
    const out = this.room(4 * S * H * E)
    const count = Math.ceil(K / this.kernels.kv_page_tokens())
    const bytes = this.kernels[`kv_page_bytes${suffix}`](G, E)
    const pages = Array.from({ length: count }, () => (half ? this.room(bytes) : this.values(bytes / 4)))
    if (half)
      for (const page of pages)
        new Uint16Array(this.memory.buffer, page, bytes / 2).forEach((_, i, all) => {
          all[i] = 0x3000 + ((i * 7919) % 3072) + (i & 1) * 0x8000
        })
    const table = this.room(4 * count)
    new Uint32Array(this.memory.buffer, table, count).set(pages)
    const scratch = this.room(this.kernels.attention_scratch_bytes(H, G, E))
    const units = this.kernels.attention_units(S, H, G)
    const some = Math.max(Math.ceil(units / G), Math.min(units, 16)) // whole groups, so that causal tiles are all met
    const pairs = mask === 0 ? S * K : S * (K - S) + (S * (S + 1)) / 2
    const call = (from: number, to: number) =>
      this.kernels[`attention${suffix}`](out, q, table, S, K, H, G, E, mask, 0, from, to, scratch)
    const part = some / units
    return { run: () => call(0, some), call, out, pages, some, part, flops: 4 * E * H * pairs * part }
  }

  #check({ S, H, G, E, half }: Shape, { call, out, pages, some }: ReturnType<Bench['#attention']>): void {
    const page = this.kernels.kv_page_tokens()
    const ones = (at: number) =>
      half
        ? new Uint16Array(this.memory.buffer, at + 2 * G * page * E, G * page * E).fill(0x3c00)
        : this.f32(at + 4 * G * page * E, G * page * E).fill(1)
    const kept = pages.map((at) => new Uint8Array(this.memory.buffer).slice(at, at + (half ? 4 : 8) * G * page * E))
    call(0, some)
    const whole = this.f32(out, S * H * E).slice()
    for (let unit = 0; unit < some; unit++) call(unit, unit + 1)
    if (this.f32(out, S * H * E).some((x, i) => x !== whole[i]))
      throw new Error('units one by one differ from all at once')
    for (const at of pages) ones(at)
    call(0, some)
    const wrong = this.f32(out, E).some((x) => !(Math.abs(x - 1) < 1e-5))
    if (wrong) throw new Error('attention over ones is not one')
    for (const [i, at] of pages.entries()) new Uint8Array(this.memory.buffer).set(kept[i], at)
  }

  /** A slice of 1024 x 4096 x 64. */
  #matmul() {
    const [rows, inner, cols] = [1024, 4096, 64]
    const x = this.values(rows * inner)
    const w = this.values(inner * cols)
    const out = this.room(4 * rows * cols)
    const scratch = this.room(this.kernels.matmul_scratch_bytes())
    const run = () => this.kernels.matmul_f32(out, x, w, rows, inner, cols, cols, 0, cols / 8, scratch)
    return { run, flops: 2 * rows * inner * cols }
  }

  #roof() {
    const at = this.room(1024)
    return { run: () => this.roofs.madd_roof(at, 50_000), flops: 96 * 50_000 }
  }
}

/** Times of RUNS calls of each, in milliseconds, after a warm-up. */
function inTurns(calls: readonly (() => unknown)[]): number[][] {
  for (let i = 0; i < 12; i++) for (const call of calls) call()
  const times = calls.map((): number[] => [])
  for (let i = 0; i < RUNS; i++)
    for (const [j, call] of calls.entries()) {
      const start = process.cpuUsage()
      call()
      const { user, system } = process.cpuUsage(start)
      times[j].push((user + system) / 1e3)
    }
  return times
}

function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))]
}

function round(x: number): number {
  return Number(x.toPrecision(3))
}

const builds = process.argv.length > 2 ? process.argv.slice(2) : ['strict', 'relaxed']
const rows = builds.flatMap((build) => {
  const bench = new Bench(build)
  return SHAPES.map((shape) => bench.row(shape))
})
console.log(JSON.stringify({ cpu: cpus()[0].model, node: process.version, threads: 1, rows }, null, 2))
