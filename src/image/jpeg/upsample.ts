// Chroma is mostly stored at half the width or height. libjpeg's "fancy upsampling" gives each new sample 3/4 of the nearer
// and 1/4 of the farther stored one, rounded up and down in turn so that no shift arises; it works on the samples of the
// picture, so the edge repeats itself. Ratios other than 2 repeat samples, and so do rows of 1 or 2 samples.
//   h2v1   a  b  c   ->   a, (3a+b+2)>>2, (3b+a+1)>>2, (3b+c+2)>>2, (3c+b+1)>>2, c
//   h1v2   upper (3 near + far + 1)>>2, lower (3 near + far + 2)>>2
//   h2v2   rows first, t = 3 near + far, then as h2v1 on t: (4t+8)>>4, (3t+next+7)>>4, (3t+previous+8)>>4, (4t+7)>>4 at the ends
// Source: libjpeg-turbo `jdsample.c`.
import type { Component, Frame } from './frame.ts'

/** A row of samples at full width: `data` from `at` on. */
export interface Row {
  data: Uint8Array
  at: number
}

/** @returns fills `row` with the component's samples of picture row y */
export type RowReader = (y: number, row: Row) => void

export function upsampler(component: Component, { hMax, vMax, width }: Frame, plane: Uint8Array): RowReader {
  const stride = component.storedX * 8
  const [dh, dv] = [hMax / component.h, vMax / component.v]
  if (dh === 1 && dv === 1)
    return (y, row) => {
      row.data = plane
      row.at = y * stride
    }
  const n = component.width
  const out = new Uint8Array((n + 1) * dh)
  const give = (row: Row) => {
    row.data = out
    row.at = 0
  }
  const far = (y: number) => Math.min(component.height - 1, Math.max(0, (y & 1) === 0 ? (y >> 1) - 1 : (y >> 1) + 1))
  if (dh === 2 && dv === 1 && n > 2)
    return (y, row) => {
      widen(plane, y * stride, n, out)
      give(row)
    }
  if (dh === 1 && dv === 2)
    return (y, row) => {
      const [near, other] = [(y >> 1) * stride, far(y) * stride]
      const round = 1 + (y & 1)
      for (let x = 0; x < n; x++) out[x] = (3 * plane[near + x] + plane[other + x] + round) >> 2
      give(row)
    }
  if (dh === 2 && dv === 2 && n > 2) {
    const sum = new Int32Array(n)
    return (y, row) => {
      const [near, other] = [(y >> 1) * stride, far(y) * stride]
      for (let x = 0; x < n; x++) sum[x] = 3 * plane[near + x] + plane[other + x]
      widenSums(sum, n, out)
      give(row)
    }
  }
  return (y, row) => {
    const from = Math.floor(y / dv) * stride
    for (let x = 0; x < width; x++) out[x] = plane[from + Math.floor(x / dh)]
    give(row)
  }
}

function widen(plane: Uint8Array, at: number, n: number, out: Uint8Array): void {
  out[0] = plane[at]
  for (let x = 1, o = 1; x < n; x++, o += 2) {
    const [a, b] = [plane[at + x - 1], plane[at + x]]
    out[o] = (3 * a + b + 2) >> 2
    out[o + 1] = (3 * b + a + 1) >> 2
  }
  out[2 * n - 1] = plane[at + n - 1]
}

function widenSums(sum: Int32Array, n: number, out: Uint8Array): void {
  out[0] = (4 * sum[0] + 8) >> 4
  for (let x = 1, o = 1; x < n; x++, o += 2) {
    const [a, b] = [sum[x - 1], sum[x]]
    out[o] = (3 * a + b + 7) >> 4
    out[o + 1] = (3 * b + a + 8) >> 4
  }
  out[2 * n - 1] = (4 * sum[n - 1] + 7) >> 4
}
