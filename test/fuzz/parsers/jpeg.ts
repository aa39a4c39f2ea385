// JPEG: segments are damaged, removed, repeated and exchanged with their lengths made right again, restart intervals set,
// and the entropy-coded data damaged. An accepted file gives a picture of the declared size.
import { type Bytes, changeBytes, concat } from '../bytes.ts'
import { jpegExtremes } from '../extremes/pictures.ts'
import type { Parser } from '../parser.ts'
import type { Random } from '../random.ts'
import { runImage } from './png.ts'

interface Segment {
  readonly marker: number
  /** What follows the length; of SOS, the entropy-coded data too. */
  readonly data: Bytes
  /** Entropy-coded bytes behind the segment. */
  readonly coded: Bytes
}

const folder = 'test/fixtures/image'
const names = [
  ...['jpg-420-35x27-q50', 'jpg-444-35x27-q50-progressive', 'jpg-restart-35x27-q50', 'jpg-ycck2-35x27-q50'],
  ...['jpg-scans-split-35x27', 'jpg-scans-deep-35x27', 'jpg-grey-35x27-q50', 'jpg-exif3', 'jpg-2x2-1x2-2x1-35x27'],
]
const markers = [0xc0, 0xc1, 0xc2, 0xc4, 0xc9, 0xda, 0xdb, 0xdd, 0xe0, 0xe1, 0xee, 0xfe, 0xdc, 0x01, 0xd0, 0xd9]

function segmentsOf(file: Bytes): Segment[] {
  const segments: Segment[] = []
  for (let at = 2; at + 4 <= file.length && file[at + 1] !== 0xd9; ) {
    const end = at + 2 + ((file[at + 2] << 8) | file[at + 3])
    let next = end
    const isMarker = (i: number): boolean => file[i] === 0xff && file[i + 1] !== 0 && (file[i + 1] & 0xf8) !== 0xd0
    while (next < file.length && !isMarker(next)) next++
    segments.push({ marker: file[at + 1], data: file.slice(at + 4, end), coded: file.slice(end, next) })
    at = next
  }
  return segments
}

function change(segments: Segment[], random: Random): void {
  const at = random.below(segments.length)
  const old = segments[at]
  switch (random.below(8)) {
    case 0:
      segments.splice(at, 1)
      return
    case 1:
      segments.splice(random.below(segments.length + 1), 0, old)
      return
    case 2:
      segments[at] = { ...old, marker: random.pick(markers) }
      return
    case 3:
      segments.splice(at, 0, {
        marker: 0xdd,
        data: Uint8Array.of(random.below(2), random.below(6)),
        coded: new Uint8Array(0),
      })
      return
    case 4:
      segments.splice(at, 0, {
        marker: random.pick(markers),
        data: random.bytes(random.below(40)),
        coded: new Uint8Array(0),
      })
      return
    case 5: {
      const scans = segments.flatMap(({ marker }, i) => (marker === 0xda ? [i] : []))
      if (scans.length === 0) return
      const i = random.pick(scans)
      segments[i] = { ...segments[i], coded: changeBytes(segments[i].coded, random, [segments[i].coded]) }
      return
    }
    default:
      segments[at] = { ...old, data: changeBytes(old.data, random, [old.data]) }
  }
}

export const jpeg: Parser = {
  name: 'JPEG',
  seeds: (read) => names.map((name) => read(`${folder}/${name}.jpg`)),
  change(seed, random) {
    const segments = segmentsOf(seed)
    for (let n = 1 + random.below(1 + random.below(3)); n > 0 && segments.length > 0; n--) change(segments, random)
    const parts = segments.map(({ marker, data, coded }) => {
      const length = (data.length + 2) & 0xffff
      return concat(Uint8Array.of(0xff, marker, length >> 8, length & 255), data, coded)
    })
    return concat(Uint8Array.of(0xff, 0xd8), ...parts, Uint8Array.of(0xff, 0xd9))
  },
  run: runImage,
  extremes: jpegExtremes,
  codes: /^E_(?:IMAGE|PNG|JPEG)_[A-Z0-9_]+$/,
}
