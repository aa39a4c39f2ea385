// Chunks that change no pixel, yet Pillow refuses a file when one of them is broken; so do we, and keep the EXIF data.
// Of animated files (APNG: acTL, then fcTL and fdAT for each frame) the picture in IDAT is taken, as Pillow does.
// Source: Pillow `PngImagePlugin.py`, the chunk_* methods.
import { SailError } from '../../errors.ts'
import type { Header } from './header.ts'
import { InflateError, inflate } from './inflate.ts'

/** Least number of bytes; tRNS depends on the colour type. */
const LEAST: Record<string, number> = { gAMA: 4, cHRM: 32, sRGB: 1, pHYs: 9, acTL: 8, fcTL: 26, iCCP: 3 }

/** Pillow's MAX_TEXT_CHUNK and MAX_TEXT_MEMORY: what one text may inflate to, and all texts of a file together. */
const MAX_TEXT = 1 << 20
const MAX_TEXTS = 64 << 20
/** Each costs a stream of its own. */
const MAX_STREAMS = 1000

type Fault = (expected: string, found: string) => SailError

export class Ancillary {
  exif: Uint8Array | null = null
  private readonly header: Header
  private readonly file: string
  private texts = 0
  private streams = 0
  private frames = 0
  private framed = false

  constructor(header: Header, file: string) {
    this.header = header
    this.file = file
  }

  /** Whether frames follow the picture. Asked before the pixels: an acTL behind them means nothing. */
  get animated(): boolean {
    return this.frames + (this.framed ? 0 : 1) > 1
  }

  /** @throws SailError E_PNG_CHUNK */
  async check(type: string, data: Uint8Array, place: string): Promise<void> {
    const fault: Fault = (expected, found) =>
      new SailError('E_PNG_CHUNK', { file: this.file, place, expected, found, hint: 'save the picture again' })
    const least = type === 'tRNS' ? transparencyBytes(this.header.colour) : (LEAST[type] ?? 0)
    if (data.length < least) throw fault(`at least ${least} bytes`, `${data.length}`)
    if (type === 'fdAT' || type === 'IHDR') throw fault('a chunk that may stand here', type)
    if (type === 'eXIf') this.exif = data
    else if (type === 'acTL' || type === 'fcTL') this.animation(type, data, fault)
    else if (['tEXt', 'zTXt', 'iTXt', 'iCCP'].includes(type)) await this.text(type, data, fault)
  }

  private animation(type: string, data: Uint8Array, fault: Fault): void {
    if (type === 'acTL') {
      if (this.frames > 0) throw fault('one acTL', 'a second')
      const frames = u32(data, 0)
      this.frames = frames > 0x80000000 ? 0 : frames
      return
    }
    const { width, height } = this.header
    const frame = [0, 4, 8, 12, 16].map((at) => u32(data, at)).join(' ')
    if (this.framed || frame !== `0 ${width} ${height} 0 0`) throw fault(`frame 0 of ${width} x ${height}`, frame)
    this.framed = true
  }

  private async text(type: string, data: Uint8Array, fault: Fault): Promise<void> {
    const packed = type === 'tEXt' ? null : compressed(type, data)
    if (packed === 'unknown method') throw fault('compression method 0', 'another')
    if (packed === null) this.texts += data.length
    else {
      if (++this.streams > MAX_STREAMS) throw fault(`at most ${MAX_STREAMS} compressed texts`, 'more')
      const size = await inflatedSize(packed)
      if (size >= MAX_TEXT) throw fault(`less than ${MAX_TEXT} bytes after inflating`, 'more')
      this.texts += size
    }
    if (this.texts > MAX_TEXTS) throw fault(`at most ${MAX_TEXTS} bytes of text`, 'more')
  }
}

function transparencyBytes(colour: number): number {
  return colour === 0 ? 2 : colour === 2 ? 6 : 0
}

/** The zlib stream of a chunk `name 0 method stream`, or of iTXt `name 0 flag method language 0 keyword 0 stream`. */
function compressed(type: string, data: Uint8Array): Uint8Array | 'unknown method' | null {
  const name = data.indexOf(0)
  if (type !== 'iTXt') {
    if (type === 'zTXt' && (name === -1 || name + 1 >= data.length)) return null
    // Pillow takes a missing zero as a name of no bytes at place -1.
    return (data[name + 1] ?? 1) === 0 ? data.subarray(name + 2) : 'unknown method'
  }
  if (name === -1 || data[name + 1] === 0 || data[name + 2] !== 0) return null
  const language = data.indexOf(0, name + 3)
  const keyword = language === -1 ? -1 : data.indexOf(0, language + 1)
  return keyword === -1 ? null : data.subarray(keyword + 1)
}

/** Bytes of the inflated text, at most about MAX_TEXT; 0 for a damaged stream, which Pillow ignores. */
async function inflatedSize(stream: Uint8Array): Promise<number> {
  let size = 0
  const enough = new Error('enough')
  try {
    await inflate([stream], (piece) => {
      size += piece.length
      if (size >= MAX_TEXT) throw enough
    })
  } catch (error) {
    if (error === enough) return size
    if (error instanceof InflateError) return 0
    throw error
  }
  return size
}

function u32(data: Uint8Array, at: number): number {
  return new DataView(data.buffer, data.byteOffset, data.length).getUint32(at)
}
