// From the components of a pixel to RGB, in 16-bit fixed point with the offsets of libjpeg:
//   R = Y + 1.402 (Cr - 128)    G = Y - 0.34414 (Cb - 128) - 0.71414 (Cr - 128)    B = Y + 1.772 (Cb - 128)
// Files of four components are taken as Adobe writes them, inverted: 255 means no ink. YCCK is CMYK whose CMY went through
// YCbCr. Pillow then makes RGB without a colour profile: R = K' - C K' / 255 on the inverted inks.
// Source: libjpeg `jdcolor.c`; Pillow `JpegImagePlugin.py` and `libImaging/Convert.c`.
import type { ColourSpace } from './frame.ts'
import type { Upsampler } from './upsample.ts'

const { imul } = Math

/** Writes `width` pixels of RGB from `o` on; `out` clamps. */
export type PixelWriter = (rows: readonly Upsampler[], width: number, out: Uint8ClampedArray, o: number) => void

export const WRITERS: Record<ColourSpace, PixelWriter> = {
  grey: ([y], width, out, o) => {
    for (let x = 0; x < width; x++, o += 3) out[o] = out[o + 1] = out[o + 2] = y.data[y.at + x]
  },
  rgb: ([r, g, b], width, out, o) => {
    for (let x = 0; x < width; x++, o += 3) {
      out[o] = r.data[r.at + x]
      out[o + 1] = g.data[g.at + x]
      out[o + 2] = b.data[b.at + x]
    }
  },
  ycc: ([luma, blue, red], width, out, o) => {
    const y = luma.data
    const cb = blue.data
    const cr = red.data
    const yAt = luma.at
    const cbAt = blue.at
    const crAt = red.at
    for (let x = 0; x < width; x++, o += 3) {
      const l = y[yAt + x]
      const u = cb[cbAt + x] - 128
      const v = cr[crAt + x] - 128
      out[o] = l + ((imul(91881, v) + 32768) >> 16)
      out[o + 1] = l + ((imul(-22554, u) - imul(46802, v) + 32768) >> 16)
      out[o + 2] = l + ((imul(116130, u) + 32768) >> 16)
    }
  },
  cmyk: ([c, m, y, k], width, out, o) => {
    for (let x = 0; x < width; x++, o += 3) {
      const key = k.data[k.at + x]
      out[o] = inked(c.data[c.at + x], key)
      out[o + 1] = inked(m.data[m.at + x], key)
      out[o + 2] = inked(y.data[y.at + x], key)
    }
  },
  ycck: (rows, width, out, o) => {
    WRITERS.ycc(rows, width, out, o)
    const k = rows[3]
    for (let x = 0; x < width; x++, o += 3) {
      const key = k.data[k.at + x]
      out[o] = inked(255 - out[o], key)
      out[o + 1] = inked(255 - out[o + 1], key)
      out[o + 2] = inked(255 - out[o + 2], key)
    }
  },
}

/** Light left by an ink and by black, both stored inverted: key - round((255 - ink) * key / 255). */
function inked(ink: number, key: number): number {
  const t = (255 - ink) * key + 128
  return key - (((t >> 8) + t) >> 8)
}
