// Many measurements of one thing as three figures: the median, and the tenth and ninetieth percentile beside it. The best
// one is never given: on a shared machine it says what cannot be relied on.
export interface Spread {
  readonly median: number
  readonly p10: number
  readonly p90: number
  readonly runs: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
  const median = (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
  return { median, p10: at(0.1), p90: at(0.9), runs: sorted.length }
}

/** `amount` by the time it takes: the slow end of the times is the low end of the rates. */
export function rateOf(amount: number, { median, p10, p90, runs }: Spread): Spread {
  return { median: amount / median, p10: amount / p90, p90: amount / p10, runs }
}
