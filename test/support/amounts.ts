// How much was tested, for the tables that `npm test` prints at the end of a tier: a test file that counts something puts its
// rows into a file of the folder SAIL_AMOUNTS, and scripts/test.mjs prints them all. Without that variable nothing is written.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Row = readonly (string | number)[]

/** @param name of the table; test files that give the same one fill it together, in the order of `part` */
export function writeAmounts(name: string, head: Row, rows: readonly Row[], part = ''): void {
  const folder = process.env.SAIL_AMOUNTS
  if (folder === undefined) return
  writeFileSync(join(folder, `${name} ${part}.json`), JSON.stringify({ name, head, rows }))
}

/** A table of faults, `[what, code, files]` each, as a row of the conditions: how many there are, in how many files. */
export function countFaults(of: string, faults: readonly (readonly [unknown, unknown, readonly unknown[]])[]): void {
  const files = faults.map(([, , each]) => each.length)
  const total = files.reduce((sum, n) => sum + n, 0)
  const head = ['files that lie', 'conditions', 'files', 'least of a condition']
  writeAmounts('conditions', head, [[of, faults.length, total, Math.min(...files)]], of)
}
