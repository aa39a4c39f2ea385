// Position ids (3, T), axes t, h, w. A text token has the same number on all three. The patch at row r, column c is at
//   (start, start + r, start + c),  start = index of the first patch
// and the text goes on one past the largest of these, so an image costs max(GH, GW) positions, not GH * GW.
// Source: upstream example.py, generate_mm_pos_ids_singleit.

/** Position = index of the token, on all axes. */
export function indexPositions(T: number): Int32Array {
  return Int32Array.from({ length: 3 * T }, (_, i) => i % T)
}

/** Position ids of T tokens whose patches, GH x GW, begin at `start`. */
export function imagePositions(T: number, start: number, [GH, GW]: readonly [number, number]): Int32Array {
  const positions = new Int32Array(3 * T)
  const put = (i: number, t: number, h: number, w: number): void => {
    positions[i] = t
    positions[T + i] = h
    positions[2 * T + i] = w
  }
  for (let i = 0; i < start; i++) put(i, i, i, i)
  let i = start
  for (let r = 0; r < GH; r++) for (let c = 0; c < GW; c++) put(i++, start, start + r, start + c)
  let next = start + Math.max(GH, GW)
  for (; i < T; i++, next++) put(i, next, next, next)
  return positions
}
