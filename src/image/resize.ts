// Pillow's BILINEAR resize with antialias, bit for bit. Two passes, columns of the row first, then rows; each output is a
// weighted sum of `support` inputs on both sides of its centre, weights in 22-bit fixed point, the picture in between
// rounded to 8 bits. An axis whose size does not change is not touched.
//   scale = in / out, centre = (x + 0.5) * scale, support = max(1, scale), weight = max(0, 1 - |distance| / support)
// Source: Pillow `libImaging/Resample.c`.
import { SailError } from '../errors.ts'
import type { RgbImage } from './rgb-image.ts'

const BITS = 22
const HALF = 1 << (BITS - 1)
const { imul } = Math

/** Weights of one axis: output x takes `size[x]` inputs from `from[x]` on, with `weight[x * most ..]`; the rest, up to a multiple of 4, is 0. */
interface Axis {
  readonly from: Int32Array
  readonly size: Int32Array
  readonly weight: Int32Array
  readonly most: number
}

function axis(input: number, output: number): Axis {
  const scale = input / output
  const support = Math.max(1, scale)
  const most = Math.ceil((Math.ceil(support) * 2 + 1) / 4) * 4
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

/**
 * (H, inW, 3) -> (H, outW, 3), two rows at a time so that a weight is loaded once for both; an odd last row is its own
 * second. The weights of a pixel add up to 2^22 within rounding, so a sum never leaves 32 bits.
 */
function resizeRows(input: Uint8Array, H: number, inW: number, outW: number): Uint8Array {
  const { from, size, weight, most } = axis(inW, outW)
  const out = new Uint8ClampedArray(H * outW * 3)
  for (let y = 0; y < H; y += 2) {
    const both = y + 1 < H ? 1 : 0
    const below = both * inW * 3
    const next = both * outW * 3
    let o = y * outW * 3
    for (let x = 0; x < outW; x++, o += 3) {
      let r = HALF
      let g = HALF
      let b = HALF
      let r2 = HALF
      let g2 = HALF
      let b2 = HALF
      let at = (y * inW + from[x]) * 3
      const k = x * most
      for (let i = k; i < k + size[x]; i++, at += 3) {
        const w = weight[i]
        const at2 = at + below
        r = (r + imul(input[at], w)) | 0
        g = (g + imul(input[at + 1], w)) | 0
        b = (b + imul(input[at + 2], w)) | 0
        r2 = (r2 + imul(input[at2], w)) | 0
        g2 = (g2 + imul(input[at2 + 1], w)) | 0
        b2 = (b2 + imul(input[at2 + 2], w)) | 0
      }
      out[o] = r >> BITS
      out[o + 1] = g >> BITS
      out[o + 2] = b >> BITS
      out[o + next] = r2 >> BITS
      out[o + next + 1] = g2 >> BITS
      out[o + next + 2] = b2 >> BITS
    }
  }
  return new Uint8Array(out.buffer)
}

/** (inH, W, 3) -> (outH, W, 3), adding whole rows, four at a time; rows past the last have weight 0. */
function resizeColumns(input: Uint8Array, inH: number, outH: number, W: number): Uint8Array {
  const { from, size, weight, most } = axis(inH, outH)
  const stride = W * 3
  const out = new Uint8ClampedArray(outH * stride)
  const sum = new Int32Array(stride)
  for (let y = 0; y < outH; y++) {
    sum.fill(HALF)
    for (let i = 0; i < size[y]; i += 4) {
      const row = (j: number) => (from[y] + Math.min(i + j, size[y] - 1)) * stride
      const k = y * most + i
      addRows(sum, input, row(0), row(1), row(2), row(3), weight[k], weight[k + 1], weight[k + 2], weight[k + 3])
    }
    for (let c = 0, o = y * stride; c < stride; c++) out[o + c] = sum[c] >> BITS
  }
  return new Uint8Array(out.buffer)
}

/** sum += wa * row a + wb * row b + wc * row c + wd * row d, rows given by where they start. */
function addRows(
  sum: Int32Array,
  input: Uint8Array,
  a: number,
  b: number,
  c: number,
  d: number,
  wa: number,
  wb: number,
  wc: number,
  wd: number,
): void {
  for (let i = 0; i < sum.length; i++)
    sum[i] += imul(input[a + i], wa) + imul(input[b + i], wb) + imul(input[c + i], wc) + imul(input[d + i], wd)
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
