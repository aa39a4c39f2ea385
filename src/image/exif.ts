// Reads one number out of EXIF data: tag 0x0112, how the camera was held, 1 (upright) to 8. Upstream never turns a picture
// by it, so neither do we; the command line only mentions it. EXIF is a small TIFF file:
//   "II" or "MM" (byte order) | 42 u16 | offset of the directory u32;    directory: count u16, then 12 bytes an entry:
//   | tag u16 | type u16 | count u32 | value, left-aligned in 4 bytes |

const ORIENTATION = 0x0112

/** @param tiff the data behind "Exif\0\0"   @returns 1 to 8, or null when there is none or the data is unreadable */
export function exifOrientation(tiff: Uint8Array): number | null {
  if (tiff.length < 8 || tiff[0] !== tiff[1] || (tiff[0] !== 0x49 && tiff[0] !== 0x4d)) return null
  const little = tiff[0] === 0x49
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length)
  const start = view.getUint32(4, little)
  if (view.getUint16(2, little) !== 42 || start + 2 > tiff.length) return null
  const entries = view.getUint16(start, little)
  for (let at = start + 2, i = 0; i < entries && at + 12 <= tiff.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION) continue
    const value = view.getUint16(at + 8, little)
    return value >= 1 && value <= 8 ? value : null
  }
  return null
}
