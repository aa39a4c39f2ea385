// Golden files: a dump is damaged and then held against the sound one, both ways, and against itself, which reads
// every stage that two files share. Whatever is accepted must give a report of stages.
import { diffDumps } from '../../../src/verify/diff.ts'
import { openGolden } from '../../../src/verify/golden-file.ts'
import { questionOf } from '../../../src/verify/question.ts'
import { bytesSource } from '../../../src/weights/byte-source.ts'
import { fileWith, type TestTensor } from '../../weights/files.ts'
import type { Bytes } from '../bytes.ts'
import { safetensorsExtremes } from '../extremes/texts.ts'
import { hold, type Parser } from '../parser.ts'
import { changeHeader } from './safetensors.ts'

const stages = [
  'prefix.layers.0.out',
  'prefix.layers.0.q_rope',
  'prefix.rope.cos',
  'text.logits',
  'generated_ids',
  'step.1.logits',
]
const words = [
  ...[
    '"format"',
    '"sail-golden/1"',
    '"sail-golden/2"',
    '"f64"',
    '"bf16"',
    '"f32"',
    '"image"',
    '"../../x.png"',
    '"prompt"',
  ],
  ...[...stages, 'prefix.layers.99999999.out', 'step.00.out', 'max_new_tokens'].map((name) => `"${name}"`),
]

const floats = (shape: readonly number[], scale: number): TestTensor => {
  const size = shape.reduce((n, d) => n * d, 1)
  return {
    dtype: 'F32',
    shape,
    data: new Uint8Array(Float32Array.from({ length: size }, (_, i) => Math.sin(i) * scale).buffer),
  }
}
const ids = (...values: number[]): TestTensor => ({
  dtype: 'I64',
  shape: [values.length],
  data: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
})

const metadata = { format: 'sail-golden/1', dtype: 'f32', prompt: 'x', model: 'm', image: 'i.png', max_new_tokens: '2' }
const image = fileWith(
  {
    'image.rgb': { dtype: 'U8', shape: [2, 2, 3], data: new Uint8Array(12) },
    grid: ids(1, 1),
    input_ids: ids(1, 2, 3, 4),
    'prefix.rope.cos': floats([3, 4], 1),
    'prefix.layers.0.q_rope': floats([2, 3, 4], 2),
    'prefix.layers.0.out': floats([3, 8], 3),
    'text.logits': floats([1, 6], 4),
    generated_ids: ids(5, 2),
    step_logits: floats([2, 6], 4),
  },
  metadata,
)
/** Stages of as many layers and steps as fit into a header of 64 KiB, with numbers as large as they may be. */
const names = Array.from({ length: 400 }, (_, i) => `step.${999_999_999 - i}.layers.${999_999_999 - i}.q_rope`)
const text = fileWith(
  { input_ids: ids(1, 2), 'text.layers.0.act': floats([2, 4], 1), 'text.final_norm': floats([2, 4], 1) },
  { format: 'sail-golden/1' },
)

async function against(a: Bytes, b: Bytes): Promise<void> {
  const [golden, file] = [await openGolden(bytesSource('a', a)), await openGolden(bytesSource('b', b))]
  questionOf(file, null)
  hold((await diffDumps(golden, file, { sibling: null })).stages.length > 0, 'a report of stages')
}

export const golden: Parser = {
  name: 'golden files',
  seeds: (read) => [image, image, text, text, read('golden/cases/tiny-a-text.f32.safetensors')],
  change: (seed, random) => changeHeader(seed, random, words),
  async run(bytes) {
    await against(image, bytes)
    await against(bytes, image)
    await against(bytes, bytes)
    return bytes.length
  },
  extremes: () => [
    ...safetensorsExtremes(),
    [
      fileWith(
        Object.fromEntries(names.map((name) => [name, { dtype: 'U8', shape: [0], data: new Uint8Array(0) }])),
        metadata,
      ),
      0,
    ],
  ],
  codes: /^E_(?:SAFETENSORS|GOLDEN)_[A-Z0-9_]+$/,
}
