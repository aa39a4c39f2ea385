// Pillow's BILINEAR resize with antialias, bit for bit. Two passes, columns of the row first, then rows; each output is a
// weighted sum of `support` inputs on both sides of its centre, weights in 22-bit fixed point, the picture in between
// rounded to 8 bits. An axis whose size does not change is not touched.
//   scale = in / out, centre = (x + 0.5) * scale, support = max(1, scale), weight = max(0, 1 - |distance| / support)
// Source: Pillow `libImaging/Resample.c`.
import { SailError } from '../errors.ts'
import type { RgbImage } from './rgb-image.ts'

const BITS = 22
const HALF = 1 << (BITS - 1)

/** Weights of one axis: output x takes `size[x]` inputs from `from[x]` on, with `weight[x * most ..]`. */
interface Axis {
  readonly from: Int32Array
  readonly size: Int32Array
  readonly weight: Int32Array
  readonly most: number
}

function axis(input: number, output: number): Axis {
  const scale = input / output
  const support = Math.max(1, scale)
  const most = Math.ceil(support) * 2 + 1
  const from = new Int32Array(output)
  const size = new Int32Array(output)
  const weight = new Int32Array(output * most)
  const w = new Float64Array(most)
  for (let x = 0; x < output; x++) {
    const centre = (x + 0.5) * scale
    const min = Math.max(0, Math.trunc(centre - support + 0.5))
    const n = Math.min(input, Math.trunc(centre + support + 0.5)) - min
    let sum = 0
    for (let i = 0; i < n; i++) {
      w[i] = Math.max(0, 1 - Math.abs((i + min - centre + 0.5) * (1 / support)))
      sum += w[i]
    }
    for (let i = 0; i < n; i++) weight[x * most + i] = Math.trunc(0.5 + (w[i] / sum) * (1 << BITS))
    from[x] = min
    size[x] = n
  }
  return { from, size, weight, most }
}

/** (H, inW, 3) -> (H, outW, 3). The weights of a pixel add up to 2^22 within rounding, so a sum never leaves 32 bits. */
function resizeRows(input: Uint8Array, H: number, inW: number, outW: number): Uint8Array {
  const { from, size, weight, most } = axis(inW, outW)
  const out = new Uint8ClampedArray(H * outW * 3)
  for (let y = 0, o = 0; y < H; y++) {
    const row = y * inW * 3
    for (let x = 0; x < outW; x++, o += 3) {
      let r = HALF
      let g = HALF
      let b = HALF
      let at = row + from[x] * 3
      const k = x * most
      const end = k + size[x]
      for (let i = k; i < end; i++, at += 3) {
        const w = weight[i]
        r += Math.imul(input[at], w)
        g += Math.imul(input[at + 1], w)
        b += Math.imul(input[at + 2], w)
      }
      out[o] = r >> BITS
      out[o + 1] = g >> BITS
      out[o + 2] = b >> BITS
    }
  }
  return new Uint8Array(out.buffer)
}

/** (inH, W, 3) -> (outH, W, 3), adding whole rows so that memory is read in its own order. */
function resizeColumns(input: Uint8Array, inH: number, outH: number, W: number): Uint8Array {
  const { from, size, weight, most } = axis(inH, outH)
  const stride = W * 3
  const out = new Uint8ClampedArray(outH * stride)
  const sum = new Int32Array(stride)
  for (let y = 0; y < outH; y++) {
    sum.fill(HALF)
    for (let i = 0; i < size[y]; i++) {
      const w = weight[y * most + i]
      const row = (from[y] + i) * stride
      for (let c = 0; c < stride; c++) sum[c] += Math.imul(input[row + c], w)
    }
    for (let c = 0; c < stride; c++) out[y * stride + c] = sum[c] >> BITS
  }
  return new Uint8Array(out.buffer)
}

/**
 * The picture at another size, equal to Pillow's `resize((width, height), BILINEAR)`.
 * @throws SailError E_IMAGE_SIZE when a side is not a whole number of 1 or more
 */
export function resizeBilinear(image: RgbImage, width: number, height: number): RgbImage {
  for (const n of [width, height])
    if (!Number.isSafeInteger(n) || n < 1)
      throw new SailError('E_IMAGE_SIZE', {
        file: 'resizeBilinear',
        expected: 'whole numbers of 1 or more',
        found: `${width} x ${height}`,
      })
  let data = image.data
  if (width !== image.width) data = resizeRows(data, image.height, image.width, width)
  if (height !== image.height) data = resizeColumns(data, image.height, height, width)
  return { data, width, height, exifOrientation: image.exifOrientation }
}
