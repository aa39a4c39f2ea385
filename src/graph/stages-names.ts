// Full names of stages, 'text.layers.3.q_rope': listed in the order of the data, and taken apart again.
// Passes are called prefix, text, or step.<k> for the k-th generated token.
import { caseRows, passRows, type StageRow } from './stages.ts'

export interface StagePlace {
  readonly row: StageRow
  /** 'prefix', 'text', 'step.4'; null for a stage of the case. */
  readonly pass: string | null
  readonly layer: number | null
}

export interface StageList {
  readonly L: number
  /** Names of the passes in order, such as ['prefix', 'text']. */
  readonly passes: readonly string[]
}

/** Every full name of a run, in the order of the data. */
export function stageNames({ L, passes }: StageList): string[] {
  const layers = Array.from({ length: L }, (_, i) => i)
  const names = (rows: readonly StageRow[]): string[] => rows.map(({ name }) => name)
  const ofPass = [
    ...names(passRows.start),
    ...layers.flatMap((i) => names(passRows.layer).map((name) => name.replace('.i.', `.${i}.`))),
    ...names(passRows.end),
  ]
  return [
    ...names(caseRows.start),
    ...passes.flatMap((pass) => [
      ...ofPass.map((name) => `${pass}.${name}`),
      ...(pass === 'prefix' ? names(caseRows.afterPrefix) : []),
    ]),
    ...names(caseRows.end),
  ]
}

const ofCase = new Map(Object.values(caseRows).flatMap((rows) => rows.map((row) => [row.name, row] as const)))
const ofPass = new Map(Object.values(passRows).flatMap((rows) => rows.map((row) => [row.name, row] as const)))
/** Numbers of layers and steps have at most 9 digits, so that each is one that a number can hold. */
const pattern = /^(prefix|text|step\.(?:0|[1-9]\d{0,8}))\.((?:layers\.(0|[1-9]\d{0,8})\.)?(.+))$/

/** Row, pass and layer of a full name, or null when it is no stage. */
export function findStage(name: string): StagePlace | null {
  const caseRow = ofCase.get(name)
  if (caseRow !== undefined) return { row: caseRow, pass: null, layer: null }
  const [, pass, rest, layer, last] = pattern.exec(name) ?? []
  if (pass === undefined) return null
  const row = ofPass.get(layer === undefined ? rest : `layers.i.${last}`)
  return row === undefined ? null : { row, pass, layer: layer === undefined ? null : Number(layer) }
}

/**
 * The names that are stages, in the order of the data. What a file names decides the work, not the numbers in its names:
 * listing every stage up to the layer 999999999 of a dump would take all memory.
 */
export function inDataOrder(names: Iterable<string>): string[] {
  const found = [...names].flatMap((name) => {
    const place = findStage(name)
    return place === null ? [] : [{ name, key: orderOf(place) }]
  })
  found.sort((a, b) => a.key.reduce((order, part, i) => order || part - b.key[i], 0))
  return found.map(({ name }) => name)
}

const rowNumbers = new Map([...Object.values(caseRows), ...Object.values(passRows)].flat().map((row, i) => [row, i]))

/** Before, in or behind the passes; the pass; its start, layers, end, or what stands behind the prefix; layer; row. */
function orderOf({ row, pass, layer }: StagePlace): number[] {
  const number = rowNumbers.get(row)!
  if (caseRows.start.includes(row)) return [0, 0, 0, 0, number]
  if (caseRows.end.includes(row)) return [2, 0, 0, 0, number]
  const rank = pass === 'text' ? 1 : pass === 'prefix' || pass === null ? 0 : 2 + Number(pass.slice('step.'.length))
  const part = pass === null ? 3 : layer !== null ? 1 : passRows.start.includes(row) ? 0 : 2
  return [1, rank, part, layer ?? 0, number]
}

/**
 * Full names of the stages that a stage is computed from; `passes` are those of the run in order, `L` its layers.
 * What the cache brings from earlier passes comes last: 'text.layers.0.attn_weights' reads text's q_rope and k_rope and
 * then 'prefix.layers.0.k_rope'.
 */
export function stageInputs({ row, pass, layer }: StagePlace, { L, passes }: StageList): string[] {
  const named = (input: string, inPass: string | null): string => {
    if (input === 'layers.i.input') return layer === 0 ? `${inPass}.embed` : `${inPass}.layers.${Number(layer) - 1}.out`
    if (input === 'layers.L-1.out') return `${inPass}.layers.${L - 1}.out`
    return ofPass.has(input) ? `${inPass}.${input.replace('.i.', `.${layer}.`)}` : input
  }
  const earlier = pass === null ? [] : passes.slice(0, passes.indexOf(pass))
  return [
    ...row.from.map((input) => named(input, pass)),
    ...row.cached.flatMap((input) => earlier.map((before) => named(input, before))),
  ]
}

/** Sizes by letter, such as { S: 4, H: 2, E: 128 }, of a dimension like 'H*E' or '3*p*p'. NaN for an unknown letter. */
export function dimension(text: string, sizes: Readonly<Record<string, number>>): number {
  return text.split('*').reduce((size, factor) => size * (sizes[factor] ?? Number(factor)), 1)
}
