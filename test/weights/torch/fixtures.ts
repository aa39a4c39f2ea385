// The committed torch files: test/fixtures/torch/make.py wrote them, with torch 2.5.1.
import { readdirSync, readFileSync } from 'node:fs'
import { root } from '../../support/golden.ts'

export interface Fixture {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The files of a folder whose names end so. */
export function fixtures(folder: 'valid' | 'refused' | 'hostile', ending: string): Fixture[] {
  const path = `${root}test/fixtures/torch/${folder}/`
  const names = readdirSync(path).filter((name) => name.endsWith(ending))
  return names.map((name) => ({
    name: name.slice(0, -ending.length),
    bytes: new Uint8Array(readFileSync(path + name)),
  }))
}
