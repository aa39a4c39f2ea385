// What the fuzzer knows of a parser: files to start from, how to damage them, and what must hold when one is accepted.
import type { Bytes } from './bytes.ts'
import type { Random } from './random.ts'

/** An input, and the bytes of output that it declares. */
export type Extreme = readonly [input: Bytes, declared: number]

export interface Parser {
  readonly name: string
  /** Files to start from, of at most 64 KiB; read with the function given, by path in the repository. */
  readonly seeds: (read: (path: string) => Bytes) => readonly Bytes[]
  /** Changes that know the format; half of the inputs are made by them, half by `changeBytes`. */
  readonly change: (seed: Bytes, random: Random, seeds: readonly Bytes[]) => Bytes
  /**
   * Parses, and uses what comes out as a program would. @returns bytes that an accepted file declared to hold
   * @throws SailError; a broken promise about an accepted file is an Error
   */
  readonly run: (bytes: Bytes) => Promise<number>
  /** Inputs that make the most of 64 KiB; the smaller the output they declare, the earlier they stand. */
  readonly extremes: () => readonly Extreme[]
  /** The codes that the parser's errors may have. */
  readonly codes: RegExp
}

/** Longest input: what is made longer is cut. */
export const maxInput = 1 << 16

export function hold(condition: boolean, promise: string): void {
  if (!condition) throw new Error(`accepted, but not so: ${promise}`)
}
