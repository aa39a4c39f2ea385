// A JPEG file is a row of segments:   | FF | marker | length u16 (with itself) | data |   and, behind each SOS, entropy-coded
// data in which FF is followed by 00 or by a restart marker. This walk checks every header before a pixel is decoded, so
// that what libjpeg would only warn about, or decode otherwise, is refused by name. Source: ITU-T T.81, annex B.
import type { DecodeContext } from '../rgb-image.ts'
import { faultsOf } from './fault.ts'
import type { ColourSpace, Frame, JpegFile, Scan } from './frame.ts'
import { parseFrame } from './parse-frame.ts'
import { Progress, parseScan } from './parse-scan.ts'
import { Tables } from './tables.ts'

/** More scans than any encoder writes; each costs a walk over the picture. */
const MOST_SCANS = 100
const ascii = (s: string) => Uint8Array.from(s, (c) => c.charCodeAt(0))
const JFIF = ascii('JFIF')
const EXIF = ascii('Exif\0\0')
const ADOBE = ascii('Adobe')
const ICC = ascii('ICC_PROFILE\0')

/** @throws SailError E_JPEG_SEGMENT, E_JPEG_FRAME, E_JPEG_SCAN, E_JPEG_TABLE, E_JPEG_TRUNCATED, E_JPEG_UNSUPPORTED, E_IMAGE_TOO_LARGE */
export function readSegments(bytes: Uint8Array, context: DecodeContext): JpegFile {
  const { file } = context
  const fault = faultsOf(file)
  const tables = new Tables(fault, file)
  const scans: Scan[] = []
  let frame: Frame | null = null
  let progress: Progress | null = null
  let exif: Uint8Array | null = null
  let jfif = false
  let adobe = -1 // transform, -1: no Adobe segment

  for (let at = 2; ; ) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++ // fill bytes
    const marker = bytes[at + 1]
    if (at + 2 > bytes.length) throw fault('E_JPEG_TRUNCATED', `byte ${at}`, 'a marker', 'the end of the file')
    if (bytes[at] !== 0xff) throw fault('E_JPEG_SEGMENT', `byte ${at}`, 'a marker, FF', `${hex(bytes[at])}`)
    if (marker === 0xd9) break
    const place = `marker ${hex(marker)} at byte ${at}`
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) throw fault('E_JPEG_SEGMENT', place, 'a segment', 'none')
    const length = (bytes[at + 2] << 8) | bytes[at + 3]
    if (at + 4 > bytes.length || at + 2 + length > bytes.length)
      throw fault('E_JPEG_TRUNCATED', place, `${length} bytes`, `${bytes.length - at - 2}`)
    if (length < 2) throw fault('E_JPEG_SEGMENT', place, 'a length of 2 or more', `${length}`)
    const data = bytes.subarray(at + 4, at + 2 + length)
    at += 2 + length

    if (marker === 0xc4) tables.huffman(data, place)
    else if (marker === 0xdb) tables.quantisation(data, place)
    else if (marker === 0xdd) tables.restartInterval(data, place)
    else if (marker === 0xda) {
      if (frame === null || progress === null) throw fault('E_JPEG_SEGMENT', place, 'a frame header before it', 'none')
      if (scans.length === MOST_SCANS) throw fault('E_JPEG_SCAN', place, `at most ${MOST_SCANS} scans`, 'more')
      const to = entropyEnd(bytes, at)
      if (to === -1) throw fault('E_JPEG_TRUNCATED', place, 'a marker behind its data', 'the end of the file')
      scans.push(parseScan(data, place, at, to, frame, tables, progress, fault))
      at = to
    } else if (marker >= 0xc0 && marker <= 0xcf) {
      if (frame !== null) throw fault('E_JPEG_SEGMENT', place, 'one frame header', 'a second')
      frame = parseFrame(marker, data, place, context, fault)
      progress = new Progress(frame)
    } else if (marker >= 0xdc && marker <= 0xdf)
      throw fault('E_JPEG_UNSUPPORTED', place, 'a plain frame', 'DNL, DHP or EXP', 'convert the picture to PNG')
    else if (marker === 0xe0 && starts(data, JFIF)) {
      if (data.length < 7) throw fault('E_JPEG_SEGMENT', place, 'a whole JFIF header', `${data.length} bytes`)
      jfif ||= data.length >= 14 && data[4] === 0
    } else if (marker === 0xe1 && starts(data, EXIF)) exif ??= data.subarray(EXIF.length)
    else if (marker === 0xe2 && starts(data, ICC) && data.length < 14)
      throw fault('E_JPEG_SEGMENT', place, 'a numbered part of a profile', `${data.length} bytes`)
    else if (marker === 0xee && starts(data, ADOBE)) {
      if (data.length < 7) throw fault('E_JPEG_SEGMENT', place, 'a whole Adobe header', `${data.length} bytes`)
      if (data.length >= 12) adobe = data[11]
    }
  }
  if (frame === null || progress === null) throw fault('E_JPEG_TRUNCATED', 'EOI', 'a frame before it', 'none')
  progress.expectComplete(fault)
  return { frame, scans, colour: colourSpace(frame, jfif, adobe), exif }
}

/** Where the data of a scan ends: at the first marker that is no restart marker; -1 when the file ends before. */
function entropyEnd(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at)) {
    let next = at + 1
    while (bytes[next] === 0xff) next++
    if (next >= bytes.length) return -1
    const marker = bytes[next]
    if (marker !== 0 && (marker < 0xd0 || marker > 0xd7)) return at
    at = next + 1
  }
  return -1
}

/** libjpeg's rules: JFIF means YCbCr, else Adobe's transform decides, else the component ids "RGB", else YCbCr. */
function colourSpace({ components }: Frame, jfif: boolean, adobe: number): ColourSpace {
  if (components.length === 1) return 'grey'
  if (components.length === 4) return adobe <= 0 ? 'cmyk' : 'ycck'
  if (jfif) return 'ycc'
  if (adobe >= 0) return adobe === 0 ? 'rgb' : 'ycc'
  return String.fromCharCode(...components.map(({ id }) => id)) === 'RGB' ? 'rgb' : 'ycc'
}

function starts(data: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => data[i] === byte)
}

function hex(byte: number): string {
  return byte === undefined ? 'nothing' : byte.toString(16).toUpperCase().padStart(2, '0')
}
