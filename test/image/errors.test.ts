// One code a fault, for what is not an image, what is another kind of image, and what a PNG or JPEG may have wrong.
import { afterAll, expect, test } from 'vitest'
import { decodeImage } from '../../src/image/decode.ts'
import { countFaults } from '../support/amounts.ts'
import { chunk, fixture, header, idat, patched, png } from './files.ts'

const latin = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0))
const end = chunk('IEND', [])
const black = idat([0, 0, 0, 0])
const rgb1 = header(1, 1, 8, 2)
const baseline = fixture('jpg-420-35x27-q50.jpg')
const progressive = fixture('jpg-420-35x27-q50-progressive.jpg')
const zeros = (n: number) => new Uint8Array(n)
/** The file without its last scan. */
const scanMissing = Buffer.concat([
  progressive.subarray(0, Buffer.from(progressive).lastIndexOf('\xff\xda', undefined, 'latin1')),
  latin('\xff\xd9'),
])

const cases: [what: string, code: string, bytes: Uint8Array][] = [
  ['an empty file', 'E_IMAGE_EMPTY', zeros(0)],
  ['text', 'E_IMAGE_UNKNOWN', latin('this is not an image')],
  ['WebP', 'E_IMAGE_FORMAT', latin('RIFF\0\0\0\0WEBPVP8 ')],
  ['HEIC', 'E_IMAGE_FORMAT', latin('\0\0\0\x18ftypheic')],
  ['AVIF', 'E_IMAGE_FORMAT', latin('\0\0\0\x1cftypavif')],
  ['GIF', 'E_IMAGE_FORMAT', latin('GIF89a')],
  ['BMP', 'E_IMAGE_FORMAT', latin('BM6\0\0\0')],
  ['TIFF', 'E_IMAGE_FORMAT', latin('II*\0\x08\0\0\0')],
  ['a Git LFS pointer', 'E_IMAGE_FORMAT', latin('version https://git-lfs.github.com/spec/v1')],

  ['a PNG signature alone', 'E_PNG_CHUNK', png()],
  ['a PNG that starts with IDAT', 'E_PNG_CHUNK', png(black, end)],
  ['a wrong CRC of IHDR', 'E_PNG_CRC', png(chunk('IHDR', rgb1.subarray(8, 21), 1), black, end)],
  ['a wrong CRC of a text', 'E_PNG_CRC', png(rgb1, chunk('tEXt', [65, 0, 66], 1), black, end)],
  ['a width of 0', 'E_PNG_HEADER', png(header(0, 1, 8, 2), black, end)],
  ['a bit depth of 4 with RGB', 'E_PNG_HEADER', png(header(1, 1, 4, 2), black, end)],
  ['colour type 5', 'E_PNG_HEADER', png(header(1, 1, 8, 5), black, end)],
  ['interlace 2', 'E_PNG_HEADER', png(header(1, 1, 8, 2, 2), black, end)],
  ['more pixels than the cap', 'E_IMAGE_TOO_LARGE', png(header(178_956_971, 1, 8, 0), black, end)],
  ['a size that the data cannot hold', 'E_PNG_TRUNCATED', png(header(10_000, 10_000, 8, 2), black, end)],
  ['a row too few', 'E_PNG_TRUNCATED', png(header(1, 2, 8, 2), black, end)],
  ['a byte too many', 'E_PNG_EXCESS', png(rgb1, idat([0, 0, 0, 0, 0]), end)],
  ['1 x 1 pixels that inflate to 50 MB', 'E_PNG_EXCESS', png(rgb1, idat(zeros(50_000_000)), end)],
  ['a chunk longer than the file', 'E_PNG_TRUNCATED', png(rgb1, black.subarray(0, 12))],
  ['no IDAT', 'E_PNG_CHUNK', png(rgb1, end)],
  ['filter 5', 'E_PNG_FILTER', png(rgb1, idat([5, 0, 0, 0]), end)],
  ['a palette missing', 'E_PNG_PALETTE', png(header(1, 1, 8, 3), idat([0, 0]), end)],
  ['a palette of 4 bytes', 'E_PNG_PALETTE', png(header(1, 1, 8, 3), chunk('PLTE', zeros(4)), idat([0, 0]), end)],
  ['an index past the palette', 'E_PNG_PALETTE', png(header(1, 1, 8, 3), chunk('PLTE', zeros(6)), idat([0, 2]), end)],
  [
    'a 1-bit index past the palette',
    'E_PNG_PALETTE',
    png(header(2, 1, 1, 3), chunk('PLTE', zeros(3)), idat([0, 64]), end),
  ],
  ['tRNS of 1 byte', 'E_PNG_CHUNK', png(header(1, 1, 8, 0), chunk('tRNS', [0]), idat([0, 0]), end)],
  ['gAMA of 3 bytes behind the pixels', 'E_PNG_CHUNK', png(rgb1, black, chunk('gAMA', zeros(3)), end)],
  ['IDAT that is no zlib stream', 'E_PNG_INFLATE', png(rgb1, chunk('IDAT', latin('not zlib at all')), end)],
  ['a wrong Adler-32', 'E_PNG_INFLATE', png(rgb1, chunk('IDAT', [...black.subarray(8, -5), black.at(-5)! ^ 1]), end)],
  [
    'a text that inflates to 2 MB',
    'E_PNG_CHUNK',
    png(rgb1, chunk('zTXt', [65, 0, 0, ...idat(zeros(1 << 21)).subarray(8, -4)]), black, end),
  ],

  ['12 bits a sample', 'E_JPEG_UNSUPPORTED', patched(baseline, '\xff\xc0', 4, [12])],
  ['arithmetic coding', 'E_JPEG_UNSUPPORTED', patched(baseline, '\xff\xc0', 1, [0xc9])],
  ['lossless', 'E_JPEG_UNSUPPORTED', patched(baseline, '\xff\xc0', 1, [0xc3])],
  ['two components', 'E_JPEG_FRAME', patched(baseline, '\xff\xc0', 9, [2])],
  ['a height of 0', 'E_JPEG_FRAME', patched(baseline, '\xff\xc0', 5, [0, 0])],
  ['a sampling factor of 5', 'E_JPEG_FRAME', patched(baseline, '\xff\xc0', 11, [0x51])],
  ['sampling of 3 against 2', 'E_JPEG_FRAME', patched(baseline, '\xff\xc0', 11, [0x31, 0, 2, 0x21])],
  ['a size that the data cannot hold', 'E_JPEG_TRUNCATED', patched(baseline, '\xff\xc0', 5, [0x27, 0x10, 0x27, 0x10])],
  ['more pixels than the cap', 'E_IMAGE_TOO_LARGE', patched(baseline, '\xff\xc0', 5, [0xff, 0xff, 0xff, 0xff])],
  ['a segment of length 1', 'E_JPEG_SEGMENT', patched(baseline, '\xff\xe0', 2, [0, 1])],
  ['a segment longer than the file', 'E_JPEG_TRUNCATED', patched(baseline, '\xff\xe0', 2, [0xff, 0xff])],
  ['an unknown marker', 'E_JPEG_SEGMENT', patched(baseline, '\xff\xe0', 1, [0xf0])],
  ['a Huffman table with too many codes', 'E_JPEG_TABLE', patched(baseline, '\xff\xc4', 5, [3])],
  ['a scan of an unknown component', 'E_JPEG_SCAN', patched(baseline, '\xff\xda', 5, [77])],
  ['no EOI', 'E_JPEG_TRUNCATED', baseline.subarray(0, -2)],
  ['half of its data', 'E_JPEG_TRUNCATED', Buffer.concat([baseline.subarray(0, -300), latin('\xff\xd9')])],
  ['a progressive scan missing', 'E_JPEG_TRUNCATED', scanMissing],
  [
    'a restart marker out of order',
    'E_JPEG_RESTART',
    patched(fixture('jpg-restart-35x27-q50.jpg'), '\xff\xd1', 1, [0xd2]),
  ],
]

afterAll(() =>
  countFaults(
    'pictures',
    cases.map(([what, code, bytes]) => [what, code, [bytes]]),
  ),
)

test.each(cases)('%s is refused with %s', async (_, code, bytes) => {
  await expect(decodeImage(bytes)).rejects.toMatchObject({ name: 'SailError', code })
})

test('the cap on pixels can be lowered and raised', async () => {
  const file = png(header(2, 1, 8, 0), idat([0, 7, 8]), end)
  await expect(decodeImage(file, { maxPixels: 1 })).rejects.toMatchObject({ code: 'E_IMAGE_TOO_LARGE' })
  expect([...(await decodeImage(file, { maxPixels: 2 })).data]).toEqual([7, 7, 7, 8, 8, 8])
})

test('an error names the file and says what to do', async () => {
  const error = await decodeImage(latin('GIF89a'), { file: 'cat.gif' }).catch((e) => e)
  expect(error).toMatchObject({ file: 'cat.gif', found: 'GIF' })
  expect(error.hint).toContain('convert')
})
