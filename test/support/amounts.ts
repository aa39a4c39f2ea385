// How much was tested, for the table that `npm test` prints at the end of a tier: a test file that counts something puts its
// rows into a file of the folder SAIL_AMOUNTS, and scripts/test.mjs prints them all. Without that variable nothing is written.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Cell = string | number

/** @param name of the table, unique; tables are printed in the order of their names */
export function writeAmounts(name: string, head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const folder = process.env.SAIL_AMOUNTS
  if (folder !== undefined) writeFileSync(join(folder, `${name}.json`), JSON.stringify({ name, head, rows }))
}

/** A table of faults, `[what, code, files]` each, as one row: how many conditions and how many files. */
export function countFaults(what: string, faults: readonly (readonly [unknown, unknown, readonly unknown[]])[]): void {
  const files = faults.reduce((n, [, , each]) => n + each.length, 0)
  writeAmounts(
    `conditions, ${what}`,
    ['conditions', 'files', 'least of one'],
    [[faults.length, files, Math.min(...faults.map(([, , each]) => each.length))]],
  )
}
