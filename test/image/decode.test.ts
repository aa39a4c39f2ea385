// What a decoder may get wrong without any file being damaged, on files small enough to read here.
import { expect, test } from 'vitest'
import { decodeImage } from '../../src/image/decode.ts'
import { chunk, fixture, header, idat, patched, png } from './files.ts'

const end = chunk('IEND', [])
const pixels = async (...chunks: Uint8Array[]) => [...(await decodeImage(png(...chunks))).data]

test('grey of 1, 2 and 4 bits is stretched to 0..255', async () => {
  expect(await pixels(header(2, 1, 1, 0), idat([0, 0b01_000000]), end)).toEqual([0, 0, 0, 255, 255, 255])
  expect(await pixels(header(2, 1, 2, 0), idat([0, 0b01_11_0000]), end)).toEqual([85, 85, 85, 255, 255, 255])
  expect(await pixels(header(1, 1, 4, 0), idat([0, 0x90]), end)).toEqual([153, 153, 153])
})

test('grey of 16 bits is clipped, every other 16-bit sample keeps its high byte', async () => {
  expect(await pixels(header(2, 1, 16, 0), idat([0, 0, 254, 1, 0]), end)).toEqual([254, 254, 254, 255, 255, 255])
  expect(await pixels(header(1, 1, 16, 2), idat([0, 1, 255, 2, 255, 3, 255]), end)).toEqual([1, 2, 3])
  expect(await pixels(header(1, 1, 16, 4), idat([0, 9, 255, 0, 0]), end)).toEqual([9, 9, 9])
})

test('alpha and tRNS are dropped without compositing', async () => {
  expect(await pixels(header(1, 1, 8, 6), idat([0, 10, 20, 30, 0]), end)).toEqual([10, 20, 30])
  expect(await pixels(header(1, 1, 8, 2), chunk('tRNS', [0, 1, 0, 2, 0, 3]), idat([0, 1, 2, 3]), end)).toEqual([
    1, 2, 3,
  ])
})

test('the five filters are undone, left and above of the first pixel being zero', async () => {
  const rows = [1, 10, 5, 5, 2, 1, 1, 1, 3, 1, 1, 1, 4, 1, 1, 1, 0, 9, 9, 9]
  const grey = await pixels(header(3, 5, 8, 0), idat(rows), end)
  expect(grey.filter((_, i) => i % 3 === 0)).toEqual([10, 15, 20, 11, 16, 21, 6, 12, 17, 7, 13, 18, 9, 9, 9])
})

test('IDAT may be cut anywhere, and its CRC is not looked at', async () => {
  const data = idat([0, 1, 2, 3]).subarray(8, -4)
  const parts = Array.from(data, (byte) => chunk('IDAT', [byte], 0))
  expect(await pixels(header(1, 1, 8, 2), chunk('IDAT', []), ...parts, end)).toEqual([1, 2, 3])
})

test('the first picture of an animation is taken', async () => {
  const frame = (sequence: number) => [0, 0, 0, sequence, 0, 0, 0, 1, 0, 0, 0, 1, ...new Array(14).fill(0)]
  const animated = [chunk('acTL', [0, 0, 0, 2, 0, 0, 0, 0]), chunk('fcTL', frame(0)), idat([0, 1, 2, 3])]
  expect(await pixels(header(1, 1, 8, 2), ...animated, chunk('fcTL', frame(1)), end)).toEqual([1, 2, 3])
})

test('EXIF orientation is reported and not applied', async () => {
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const image = await decodeImage(fixture(`jpg-exif${n}.jpg`))
    expect(image).toMatchObject({ exifOrientation: n, width: 35, height: 27 })
  }
  expect((await decodeImage(fixture('png-exif.png'))).exifOrientation).toBe(8)
  expect((await decodeImage(fixture('jpg-444-35x27-q50.jpg'))).exifOrientation).toBeNull()
})

test('a file in a larger buffer or in shared memory decodes the same', async () => {
  for (const name of ['png-c2-d8-23x17.png', 'jpg-420-35x27-q50.jpg']) {
    const file = fixture(name)
    const wanted = await decodeImage(file)
    const shared = new Uint8Array(new SharedArrayBuffer(file.length + 9), 5, file.length)
    shared.set(file)
    expect((await decodeImage(shared)).data).toEqual(wanted.data)
  }
})

test('extra bytes before EOI, as some cameras write them, change nothing', async () => {
  const file = fixture('jpg-420-35x27-q50.jpg')
  const padded = Buffer.concat([file.subarray(0, -2), Buffer.alloc(7), file.subarray(-2)])
  expect((await decodeImage(padded)).data).toEqual((await decodeImage(file)).data)
})

test('without JFIF, Adobe transform 0 means RGB', async () => {
  const file = fixture('jpg-rgb-35x27-q50.jpg')
  const asYcc = patched(file, 'Adobe', 11, [1])
  expect((await decodeImage(asYcc)).data).not.toEqual((await decodeImage(file)).data)
})
