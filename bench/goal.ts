// One line by which the CPU engine is judged.
export interface Goal {
  readonly what: string
  readonly reached: number
  /** The same with the strict build, and with it on Node 20. */
  readonly strict?: number
  readonly node20?: number
  readonly least?: number
  readonly aim?: number
  /** How figures are written. 'GB' and 'ms' should be small, the others large. */
  readonly unit: '%' | 'x' | 'ms' | 'GB'
}

export function met({ reached, least, unit }: Goal): boolean {
  if (least === undefined) return true
  return unit === 'ms' || unit === 'GB' ? reached <= least : reached >= least
}

/** @param limits at least, aim   @returns nothing where nothing was measured */
export function goal(
  what: string,
  unit: Goal['unit'],
  reached: number | undefined,
  limits: readonly number[] = [],
): Goal[] {
  const [least, aim] = limits
  if (reached === undefined) return []
  return [{ what, unit, reached, ...(least !== undefined && { least }), ...(aim !== undefined && { aim }) }]
}

export const over = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a / b
