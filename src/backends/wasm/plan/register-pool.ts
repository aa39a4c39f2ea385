// Registers of all rows that are free to be used again, by shape: only values of the same shape ever share one.
import type { DraftValue } from './draft.ts'
import type { Register } from './program.ts'

export class RegisterPool {
  readonly registers: Register[] = []
  readonly #values: readonly DraftValue[]
  readonly #free = new Map<string, number[]>()
  readonly #of = new Map<number, number>()
  /** Values whose register is theirs now. */
  readonly #owners = new Set<number>()

  constructor(values: readonly DraftValue[]) {
    this.#values = values
  }

  /** Register of a value: the one it has had, a free one, or a new one. */
  take(value: number): number {
    const { shard, dims, elementBytes } = this.#values[value]
    const register =
      this.#of.get(value) ??
      this.#free.get(this.#kind(value))?.pop() ??
      this.registers.push({ shard, dims, block: false, elementBytes }) - 1
    if (!this.#of.has(value)) this.#owners.add(value)
    this.#of.set(value, register)
    return register
  }

  /** Whether `value` has none yet and could have that of `old`. */
  fits(old: number, value: number): boolean {
    return this.#owners.has(old) && !this.#of.has(value) && this.#kind(old) === this.#kind(value)
  }

  handOver(old: number, value: number): void {
    this.#of.set(value, this.take(old))
    this.#owners.delete(old)
    this.#owners.add(value)
  }

  give(value: number): void {
    if (!this.#owners.delete(value)) return
    const kind = this.#kind(value)
    this.#free.set(kind, [...(this.#free.get(kind) ?? []), this.take(value)])
  }

  #kind(value: number): string {
    const { shard, dims, elementBytes } = this.#values[value]
    return [shard, elementBytes, ...dims].join(' ')
  }
}
