// JPEG to RGB: check the headers, decode the scans into one plane of samples a component, then row by row bring the planes
// to full size and convert the colours. Arithmetic is libjpeg's to the last bit.
import { exifOrientation } from '../exif.ts'
import { type DecodeContext, type RgbImage, reserve } from '../rgb-image.ts'
import { WRITERS } from './colour.ts'
import type { Component } from './frame.ts'
import { decodeProgressiveScan, emptyCoefficients, transform } from './progressive.ts'
import { readSegments } from './segments.ts'
import { decodeSequentialScan } from './sequential.ts'
import { Upsampler } from './upsample.ts'

/**
 * The pixels of a JPEG file, equal to Pillow's `convert("RGB")`.
 * @throws SailError E_JPEG_SEGMENT, E_JPEG_FRAME, E_JPEG_SCAN, E_JPEG_TABLE, E_JPEG_CODE, E_JPEG_RESTART, E_JPEG_TRUNCATED,
 *   E_JPEG_UNSUPPORTED (12 bits, arithmetic coding, lossless), E_IMAGE_TOO_LARGE, E_MEMORY
 */
export function decodeJpeg(bytes: Uint8Array, context: DecodeContext): RgbImage {
  const { frame, scans, colour, exif } = readSegments(bytes, context)
  const { width, height, components } = frame
  const { file } = context
  const planes = new Map<Component, Uint8ClampedArray>()
  if (frame.progressive) {
    const coefficients = reserve(file, () => emptyCoefficients(frame))
    for (const scan of scans) decodeProgressiveScan(bytes, scan, coefficients, file)
    for (const [component, values] of coefficients) planes.set(component, transform(component, values))
  } else {
    for (const c of components)
      planes.set(
        c,
        reserve(file, () => new Uint8ClampedArray(c.storedX * c.storedY * 64)),
      )
    for (const scan of scans) decodeSequentialScan(bytes, scan, planes, file)
  }

  const out = reserve(file, () => new Uint8ClampedArray(height * width * 3))
  const write = WRITERS[colour]
  const rows = components.map((c) => {
    const { buffer, length } = planes.get(c) as Uint8ClampedArray
    return new Upsampler(c, frame, new Uint8Array(buffer, 0, length))
  })
  for (let y = 0; y < height; y++) {
    for (const row of rows) row.row(y)
    write(rows, width, out, y * width * 3)
  }
  const orientation = exif === null ? null : exifOrientation(exif)
  return { data: new Uint8Array(out.buffer), width, height, exifOrientation: orientation }
}
