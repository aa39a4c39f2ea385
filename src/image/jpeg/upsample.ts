// Chroma is mostly stored at half the width or height. libjpeg's "fancy upsampling" gives each new sample 3/4 of the nearer
// and 1/4 of the farther stored one, rounded up and down in turn so that no shift arises; it works on the samples of the
// picture, so the edge repeats itself. Ratios other than 2 repeat samples, and so do rows of 1 or 2 samples.
//   h2v1   a  b  c   ->   a, (3a+b+2)>>2, (3b+a+1)>>2, (3b+c+2)>>2, (3c+b+1)>>2, c
//   h1v2   upper (3 near + far + 1)>>2, lower (3 near + far + 2)>>2
//   h2v2   rows first, t = 3 near + far, then along the row (4t+8)>>4, (3t+next+7)>>4, (3t+previous+8)>>4, .., (4t+7)>>4
// Source: libjpeg-turbo `jdsample.c`.
import type { Component, Frame } from './frame.ts'

/** Rows of one component at the size of the picture: after `row(y)`, samples are `data[at + x]`. */
export class Upsampler {
  data: Uint8Array
  at = 0
  private readonly plane: Uint8Array
  private readonly component: Component
  private readonly stride: number
  private readonly width: number
  /** Picture samples per stored one, across and down. */
  private readonly dx: number
  private readonly dy: number

  /** @param plane 8 * storedY rows of 8 * storedX samples */
  constructor(component: Component, { hMax, vMax, width }: Frame, plane: Uint8Array) {
    this.plane = plane
    this.component = component
    this.stride = component.storedX * 8
    this.width = width
    this.dx = hMax / component.h
    this.dy = vMax / component.v
    this.data = this.dx * this.dy === 1 ? plane : new Uint8Array((component.width + 1) * this.dx)
  }

  row(y: number): void {
    const { plane, stride, dx, dy, data } = this
    const n = this.component.width
    const near = Math.floor(y / dy)
    const far = Math.max(0, Math.min(this.component.height - 1, (y & 1) === 0 ? near - 1 : near + 1))
    if (dx === 1 && dy === 1) this.at = near * stride
    else if (dx === 1 && dy === 2) between(plane, near * stride, far * stride, n, 1 + (y & 1), data)
    else if (dx === 2 && dy === 1 && n > 2) widen(plane, near * stride, near * stride, n, 7, 8, data)
    else if (dx === 2 && dy === 2 && n > 2) widen(plane, near * stride, far * stride, n, 8, 7, data)
    else for (let x = 0; x < this.width; x++) data[x] = plane[near * stride + Math.floor(x / dx)]
  }
}

/** h1v2 */
function between(plane: Uint8Array, near: number, far: number, n: number, round: number, out: Uint8Array): void {
  for (let x = 0; x < n; x++) out[x] = (3 * plane[near + x] + plane[far + x] + round) >> 2
}

/**
 * h2v2, and h2v1 as the same with both rows equal: (16a + 8) >> 4 is a, (12a + 4b + 8) >> 4 is (3a + b + 2) >> 2.
 * @param left, right rounding of the sample left and right of a stored one
 */
function widen(
  plane: Uint8Array,
  near: number,
  far: number,
  n: number,
  left: number,
  right: number,
  out: Uint8Array,
): void {
  let a = 3 * plane[near] + plane[far]
  out[0] = (4 * a + 8) >> 4
  for (let x = 1, o = 1; x < n; x++, o += 2) {
    const b = 3 * plane[near + x] + plane[far + x]
    out[o] = (3 * a + b + right) >> 4
    out[o + 1] = (3 * b + a + left) >> 4
    a = b
  }
  out[2 * n - 1] = (4 * a + 7) >> 4
}
