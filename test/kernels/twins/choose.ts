// Twin of top_k: ids and scores of the first `count`, what is not finite before all else.
export interface First {
  readonly ids: readonly number[]
  readonly scores: readonly number[]
}

export function topK(x: Float32Array, below: number, count: number): First {
  const finite = (id: number): boolean => Number.isFinite(x[id])
  const wrong = [...x.keys()].filter((id) => !finite(id))
  const right = [...x.keys()].filter((id) => finite(id) && id < below).sort((a, b) => x[b] - x[a] || a - b)
  const ids = [...wrong, ...right].slice(0, count)
  return { ids, scores: ids.map((id) => x[id]) }
}
