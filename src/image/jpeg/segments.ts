// A JPEG file is a row of segments:   | FF | marker | length u16 (with itself) | data |   and, behind each SOS, entropy-coded
// data in which FF is followed by 00 or by a restart marker. This walk checks every header before a pixel is decoded, so
// that what libjpeg would only warn about, or decode otherwise, is refused by name. Source: ITU-T T.81, annex B.
import type { DecodeContext } from '../rgb-image.ts'
import { Application } from './application.ts'
import { type Fault, faultsOf } from './fault.ts'
import type { Frame, JpegFile, Scan } from './frame.ts'
import { parseFrame } from './parse-frame.ts'
import { Progress, parseScan } from './parse-scan.ts'
import { Tables } from './tables.ts'

/** More scans than any encoder writes; each costs a walk over the picture. */
const MOST_SCANS = 100
const [DHT, EOI, SOS, DQT, DRI, COM] = [0xc4, 0xd9, 0xda, 0xdb, 0xdd, 0xfe]

/**
 * @throws SailError E_JPEG_SEGMENT, E_JPEG_FRAME, E_JPEG_SCAN, E_JPEG_TABLE, E_JPEG_TRUNCATED, E_JPEG_UNSUPPORTED,
 *   E_IMAGE_TOO_LARGE
 */
export function readSegments(bytes: Uint8Array, context: DecodeContext): JpegFile {
  const fault = faultsOf(context.file)
  const tables = new Tables(fault, context.file)
  const application = new Application()
  const scans: Scan[] = []
  let frame: Frame | null = null
  let progress: Progress | null = null

  for (let at = 2; ; ) {
    const segment = nextSegment(bytes, at, fault)
    if (segment === null) break
    const { marker, data, place, end } = segment
    at = end
    if (marker === DHT) tables.huffman(data, place)
    else if (marker === DQT) tables.quantisation(data, place)
    else if (marker === DRI) tables.restartInterval(data, place)
    else if (marker === SOS) {
      if (frame === null || progress === null) throw fault('E_JPEG_SEGMENT', place, 'a frame header before it', 'none')
      if (scans.length === MOST_SCANS) throw fault('E_JPEG_SCAN', place, `at most ${MOST_SCANS} scans`, 'more')
      at = entropyEnd(bytes, end)
      if (at === -1) throw fault('E_JPEG_TRUNCATED', place, 'a marker behind its data', 'the end of the file')
      scans.push(parseScan(data, place, end, at, frame, tables, progress, fault))
    } else if (marker >= 0xe0) application.read(marker, data, place, fault)
    else {
      if (frame !== null) throw fault('E_JPEG_SEGMENT', place, 'one frame header', 'a second')
      frame = parseFrame(marker, data, place, context, fault)
      progress = new Progress(frame)
    }
  }
  if (frame === null || progress === null) throw fault('E_JPEG_TRUNCATED', 'EOI', 'a frame before it', 'none')
  progress.expectComplete(fault)
  return { frame, scans, colour: application.colourSpace(frame), exif: application.exif }
}

/** The segment at `at`, null for EOI. Markers without a segment, and those that libjpeg does not know, are refused. */
function nextSegment(bytes: Uint8Array, at: number, fault: Fault) {
  while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++ // fill bytes
  if (at + 2 > bytes.length) throw fault('E_JPEG_TRUNCATED', `byte ${at}`, 'a marker', 'the end of the file')
  if (bytes[at] !== 0xff) throw fault('E_JPEG_SEGMENT', `byte ${at}`, 'a marker, FF', hex(bytes[at]))
  const marker = bytes[at + 1]
  if (marker === EOI) return null
  const place = `marker ${hex(marker)} at byte ${at}`
  const frame = marker >= 0xc0 && marker <= 0xcf
  const known = frame || [SOS, DQT, DRI, COM].includes(marker) || (marker >= 0xe0 && marker <= 0xef)
  if (!known) throw fault('E_JPEG_SEGMENT', place, 'a segment of a plain JPEG file', 'another marker')
  if (at + 4 > bytes.length) throw fault('E_JPEG_TRUNCATED', place, 'a length', 'the end of the file')
  const length = (bytes[at + 2] << 8) | bytes[at + 3]
  if (length < 2) throw fault('E_JPEG_SEGMENT', place, 'a length of 2 or more', `${length}`)
  const end = at + 2 + length
  if (end > bytes.length) throw fault('E_JPEG_TRUNCATED', place, `${length} bytes`, `${bytes.length - at - 2}`)
  return { marker, data: bytes.subarray(at + 4, end), place, end }
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

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0')
}
