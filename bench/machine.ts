// What a result was measured on, and where results go.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname } from 'node:path'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory: number
  readonly node: string
  readonly v8: string
  /** Day of the measurement. */
  readonly date: string
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? '',
    cores: cpus().length,
    memory: totalmem(),
    node: process.version,
    v8: process.versions.v8,
    date: new Date().toISOString().slice(0, 10),
  }
}

/** Four digits are more than any of these measurements is good for. */
export function writeResult(file: string | undefined, result: object): void {
  const text = JSON.stringify(result, (_, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
  )
  if (file === undefined) {
    console.log(text)
    return
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${text.replace(/(?<=.)\{"/g, '\n{"')}\n`)
}
