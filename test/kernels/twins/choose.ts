// Twins of argmax and top_k.
export function argmax(x: Float32Array): number {
  if (x.some((score) => !(score < Infinity))) return -1
  let best = -1
  for (let i = 0; i < x.length; i++) if (x[i] > (best === -1 ? -Infinity : x[best])) best = i
  return best
}

/** Ids of the k largest, or null where a score is NaN or +Infinity. */
export function topK(x: Float32Array, k: number): number[] | null {
  if (x.some((score) => !(score < Infinity))) return null
  const ids = [...x.keys()].filter((i) => x[i] > -Infinity)
  return ids.sort((a, b) => x[b] - x[a] || a - b).slice(0, k)
}
