// What a stage is computed from when the dump gives the inputs: its own inputs where the dump has them, else those of
// the missing ones, and so on towards the front of the pass. The graph is cut at these, so only what lies between runs.
import { findStage, type StageList, stageInputs } from '../graph/stages-names.ts'

export interface NearestInputs {
  /** Full names of stages of this pass that the dump gives. */
  readonly given: ReadonlySet<string>
  /** Inputs that had to be computed because the dump lacks them, of this pass or in the cache. */
  readonly missing: ReadonlySet<string>
  /** Layers that the computation runs through. */
  readonly layers: number
}

/** @param usable whether the dump has a stage with values that can be put in */
export async function nearestInputs(
  name: string,
  list: StageList,
  usable: (name: string) => Promise<boolean>,
): Promise<NearestInputs> {
  const given = new Set<string>()
  const missing = new Set<string>()
  const layers = new Set<number>()
  const pass = findStage(name)?.pass ?? null
  const waiting = [name]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const place = findStage(next)
    if (place === null) continue
    if (place.layer !== null) layers.add(place.layer)
    for (const input of stageInputs(place, list)) {
      const from = findStage(input)
      // What precedes the passes is exact, from the dump or not, and is put into the sequence as a whole.
      if (from === null || from.pass === null || given.has(input) || missing.has(input)) continue
      if (await usable(input)) {
        if (from.pass === pass) given.add(input)
      } else {
        missing.add(input)
        if (from.pass === pass) waiting.push(input)
      }
    }
  }
  return { given, missing, layers: layers.size }
}
