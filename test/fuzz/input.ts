// Input number n of a parser, made from the seed alone. Numbers below 0 are the files that were found before: they are kept
// under test/fixtures/fuzz/ and run first, so that what was mended stays so. Behind the mutations stand the extremes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bytes, changeBytes } from './bytes.ts'
import { maxInput, type Parser } from './parser.ts'
import { Random } from './random.ts'

export interface Inputs {
  /** How many files were found before. */
  readonly kept: number
  /** How many extremes stand behind the mutations. */
  readonly extremes: number
  make(index: number): Bytes
  /** Bytes of output that an input declares, 0 where only its parser knows. */
  declared(index: number): number
}

/** Folder of the files found before. */
export function keptFolder(root: string, parser: Parser): string {
  return join(root, 'test/fixtures/fuzz', parser.name.replaceAll(/[^a-z]+/gi, '-').toLowerCase())
}

/** @param count how many mutations */
export function inputsOf(parser: Parser, seed: number, count: number, root: string): Inputs {
  const seeds = parser.seeds((path) => new Uint8Array(readFileSync(join(root, path))))
  const extremes = parser.extremes()
  const kept = filesOf(keptFolder(root, parser))
  return {
    kept: kept.length,
    extremes: extremes.length,
    declared: (index) => extremes[index - count]?.[1] ?? 0,
    make(index) {
      if (index < 0) return kept[-index - 1]
      if (index >= count) return extremes[index - count][0]
      const random = Random.of(seed, index)
      const base = random.pick(seeds)
      const made = random.below(2) === 0 ? parser.change(base, random, seeds) : changeBytes(base, random, seeds)
      return made.length > maxInput ? made.slice(0, maxInput) : made
    },
  }
}

function filesOf(folder: string): Bytes[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => new Uint8Array(readFileSync(join(folder, name))))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
