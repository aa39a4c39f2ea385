// What the headers of a JPEG file say, checked: the frame, its components, and where each scan's data lies.
// A component is one colour channel, stored at h/hMax by v/vMax of the picture's size in blocks of 8 x 8; an MCU is the
// smallest rectangle that holds whole blocks of every component: h * v blocks of each.
import type { HuffmanTable } from './huffman.ts'

export interface Component {
  readonly id: number
  /** Sampling factors, 1 to 4. */
  readonly h: number
  readonly v: number
  readonly table: number
  /** Samples that the picture has: ceil(width * h / hMax) x ceil(height * v / vMax). */
  readonly width: number
  readonly height: number
  /** Blocks that hold them, and blocks stored: the latter fill whole MCUs. */
  readonly blocksX: number
  readonly blocksY: number
  readonly storedX: number
  readonly storedY: number
  /** (64) natural order; taken when the component's first scan starts, null before. */
  quant: Uint16Array | null
}

export type ColourSpace = 'grey' | 'ycc' | 'rgb' | 'cmyk' | 'ycck'

export interface Frame {
  readonly width: number
  readonly height: number
  readonly progressive: boolean
  readonly components: readonly Component[]
  readonly hMax: number
  readonly vMax: number
  readonly mcusX: number
  readonly mcusY: number
}

export interface ScanComponent {
  readonly component: Component
  readonly dc: HuffmanTable | null
  readonly ac: HuffmanTable | null
}

export interface Scan {
  readonly components: readonly ScanComponent[]
  /** Spectral selection: coefficients first..last in zigzag order. */
  readonly first: number
  readonly last: number
  /** Successive approximation: bits above `high` came before (0: none), this scan brings those down to `low`. */
  readonly high: number
  readonly low: number
  /** MCUs between restart markers, 0 for none. */
  readonly restart: number
  /** MCUs of the scan: of one component alone these are its blocks. */
  readonly mcusX: number
  readonly mcusY: number
  /** Entropy-coded bytes. */
  readonly from: number
  readonly to: number
}

export interface JpegFile {
  readonly frame: Frame
  readonly scans: readonly Scan[]
  readonly colour: ColourSpace
  /** TIFF data of the first Exif segment. */
  readonly exif: Uint8Array | null
}

/** Index in the block (row * 8 + column) of the k-th coefficient of the file. Source: T.81, figure A.6. */
export const ZIGZAG = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
])
