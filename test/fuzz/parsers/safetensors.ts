// Safetensors: the header is damaged as JSON with its length field made right again, or the file as bytes. An accepted
// file is covered by its tensors, and every tensor of a dtype that is read gives as many numbers as its shape says.
import { bytesSource } from '../../../src/weights/byte-source.ts'
import { readHeader } from '../../../src/weights/safetensors/header.ts'
import { readRows, readTensor } from '../../../src/weights/safetensors/read.ts'
import { fileOf } from '../../weights/files.ts'
import { type Bytes, concat } from '../bytes.ts'
import { safetensorsExtremes } from '../extremes/texts.ts'
import { changeJson } from '../json-text.ts'
import { hold, type Parser } from '../parser.ts'
import type { Random } from '../random.ts'

const words = [
  ...['F32', 'BF16', 'F16', 'F64', 'U8', 'I64', 'I32', 'BOOL', 'F8_E4M3', 'F4', 'F31'].map((name) => `"${name}"`),
  ...[
    '"dtype"',
    '"shape"',
    '"data_offsets"',
    '"__metadata__"',
    '"a"',
    '"b"',
    '[0,4]',
    '[4,12]',
    '[2,1]',
    '[1,1,1,1,1,1,1,1,1]',
  ],
]
const dtypesRead = ['F32', 'F16', 'BF16', 'F64', 'U8', 'BOOL', 'I64', 'I32']

/** A file whose header is damaged as JSON; its length field, and sometimes its padding, fit the damaged one. */
export function changeHeader(file: Bytes, random: Random, more: readonly string[] = []): Bytes {
  const end = Math.min(file.length, 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true)))
  const text = changeJson(new TextDecoder().decode(file.subarray(8, end)), random, [...words, ...more])
  return concat(fileOf(text + ' '.repeat(random.below(3))), file.subarray(end))
}

export const safetensors: Parser = {
  name: 'safetensors',
  seeds: (read) => [
    ...['plain', 'dtypes', 'views', 'parameters'].map((name) => read(`test/fixtures/torch/valid/${name}.safetensors`)),
    fileOf('{}'),
    fileOf(
      '{"__metadata__":{"k":"v","format":"pt"},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]}}  ',
      12,
    ),
  ],
  change: (seed, random) => changeHeader(seed, random),
  async run(bytes) {
    const source = bytesSource('x.safetensors', bytes)
    const header = await readHeader(source)
    let at = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
    for (const [name, { dtype, shape, begin, end }] of header.tensors) {
      hold(begin === at, 'tensors follow each other')
      at = end
      if (!dtypesRead.includes(dtype)) continue
      const { data } = await readTensor(source, header, name)
      hold(data.length === shape.reduce((n, d) => n * d, 1), 'as many numbers as the shape says')
      hold((await readRows(source, header, name)).length === end - begin, 'all bytes are rows')
    }
    hold(at === bytes.length, 'tensors cover the file')
    return bytes.length
  },
  extremes: safetensorsExtremes,
  codes: /^E_SAFETENSORS_[A-Z0-9_]+$/,
}
