// From the components of a pixel to RGB, in 16-bit fixed point with the offsets of libjpeg:
//   R = Y + 1.402 (Cr - 128)    G = Y - 0.34414 (Cb - 128) - 0.71414 (Cr - 128)    B = Y + 1.772 (Cb - 128)
// Files of four components are taken as Adobe writes them, inverted: 255 means no ink. YCCK is CMYK whose CMY went through
// YCbCr. Pillow then makes RGB without a colour profile: R = K' - C K' / 255 on the inverted inks.
// Source: libjpeg `jdcolor.c`; Pillow `JpegImagePlugin.py` and `libImaging/Convert.c`.
import type { ColourSpace } from './frame.ts'
import type { Row } from './upsample.ts'

const byte = (term: (v: number) => number) => Int32Array.from({ length: 256 }, (_, i) => term(i - 128))
const RED = byte((cr) => (91881 * cr + 32768) >> 16)
const BLUE = byte((cb) => (116130 * cb + 32768) >> 16)
const GREEN_CB = byte((cb) => -22554 * cb + 32768)
const GREEN_CR = byte((cr) => -46802 * cr)

/** Writes `width` pixels of RGB from `o` on; `out` clamps. */
export type PixelWriter = (rows: readonly Row[], width: number, out: Uint8ClampedArray, o: number) => void

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
    const [y, cb, cr] = [luma.data, blue.data, red.data]
    const [yAt, cbAt, crAt] = [luma.at, blue.at, red.at]
    for (let x = 0; x < width; x++, o += 3) {
      const l = y[yAt + x]
      const u = cb[cbAt + x]
      const v = cr[crAt + x]
      out[o] = l + RED[v]
      out[o + 1] = l + ((GREEN_CB[u] + GREEN_CR[v]) >> 16)
      out[o + 2] = l + BLUE[u]
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
