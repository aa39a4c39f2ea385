// A compiled build of the kernels with its memory, for tests. `call` runs a kernel and then checks that not one byte
// outside the areas named as writable has changed: that is the guard around every output.
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { root } from '../support/golden.ts'

export const buildNames = ['strict', 'relaxed'] as const
export type BuildName = (typeof buildNames)[number]

type Kernel = (...args: number[]) => number

interface Area {
  readonly at: number
  readonly bytes: number
}

const FILL = 0x7fa5

/** Modules by name; null where this engine refuses one (relaxed SIMD before Node 21). */
export const modules = Object.fromEntries(
  buildNames.map((name) => {
    const bytes = readFileSync(`${root}src/backends/wasm/kernels/${name}.wasm`)
    return [name, WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null]
  }),
) as Record<BuildName, WebAssembly.Module | null>

export class Arena {
  readonly memory: WebAssembly.Memory
  readonly #kernels: Record<string, Kernel>
  #next: number

  constructor(build: BuildName, pages = 64) {
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true })
    const module = modules[build]
    if (module === null) throw new Error(`this engine has no ${build} build`)
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } })
    this.#kernels = instance.exports as Record<string, Kernel>
    this.#next = 65536
    new Uint16Array(this.memory.buffer, 65536).fill(FILL)
  }

  /** Room for `bytes`, 4 past a multiple of 16, with untouched words on both sides. */
  room(bytes: number): Area {
    const at = Math.ceil(this.#next / 16) * 16 + 20
    this.#next = at + bytes + 16
    if (this.#next > this.memory.buffer.byteLength)
      throw new Error(`the arena is too small: ${this.#next} bytes are needed`)
    return { at, bytes }
  }

  /** A copy of an array in the memory. */
  put(array: Float32Array | Int32Array | Uint16Array): Area {
    const area = this.room(array.byteLength)
    new Uint8Array(this.memory.buffer).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), area.at)
    return area
  }

  f32({ at, bytes }: Area): Float32Array {
    return Float32Array.from(new Float32Array(this.memory.buffer, at, bytes / 4))
  }

  i32({ at, bytes }: Area): Int32Array {
    return Int32Array.from(new Int32Array(this.memory.buffer, at, bytes / 4))
  }

  u16({ at, bytes }: Area): Uint16Array {
    return Uint16Array.from(new Uint16Array(this.memory.buffer, at, bytes / 2))
  }

  /** A kernel that writes nothing, or whose writes need no watching. */
  get(name: string): Kernel {
    return this.#kernels[name]
  }

  /** Runs a kernel; areas may be given for pointers. Only `writable` areas may change. */
  call(name: string, args: readonly (number | Area)[], writable: readonly Area[]): number {
    const memory = Buffer.from(this.memory.buffer as unknown as ArrayBuffer)
    const before = Buffer.from(memory)
    const result = this.#kernels[name](...args.map((arg) => (typeof arg === 'number' ? arg : arg.at)))
    let at = 0
    for (const area of [...writable].sort((a, b) => a.at - b.at)) {
      expectSame(name, before, memory, at, area.at)
      at = area.at + area.bytes
    }
    expectSame(name, before, memory, at, memory.length)
    return result
  }
}

function expectSame(name: string, before: Buffer, after: Buffer, from: number, to: number): void {
  if (before.compare(after, from, to, from, to) === 0) return
  let at = from
  while (before[at] === after[at]) at++
  expect.fail(`${name} wrote outside its output, at byte ${at}`)
}

/** Equal bits, where every NaN counts as the same. */
export function expectSameBits(got: Float32Array, want: Float32Array): void {
  expect(got.length).toBe(want.length)
  const bits = (x: Float32Array) => new Uint32Array(x.buffer, x.byteOffset, x.length)
  const [a, b] = [bits(got), bits(want)]
  for (let i = 0; i < a.length; i++)
    if (a[i] !== b[i] && !(Number.isNaN(got[i]) && Number.isNaN(want[i])))
      expect.fail(`element ${i}: got ${got[i]}, want ${want[i]}`)
}

/** sqrt(sum (got - want)^2 / sum want^2). */
export function relativeL2(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [difference, size] = [0, 0]
  for (let i = 0; i < want.length; i++) {
    difference += (got[i] - want[i]) ** 2
    size += want[i] ** 2
  }
  return Math.sqrt(difference / size)
}

/** n seeded numbers, all different, both signs, about normal in size. */
export function distinct(n: number, seed = 1): Float32Array {
  let state = seed * 2654435761
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return Float32Array.from({ length: n }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()))
}
