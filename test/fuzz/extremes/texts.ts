// Texts of at most 64 KiB that make the most of their bytes: as many keys, items, levels, digits and escapes as fit, a
// repeated key at the very end, and tokenizers that make a short text long.
import { fileOf } from '../../weights/files.ts'
import type { Extreme } from '../parser.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const extreme = (text: string): Extreme => [bytes(text), text.length]
const times = (n: number, item: (i: number) => string): string => Array.from({ length: n }, (_, i) => item(i)).join(',')

/** JSON documents that are hard on any reader. */
const hard: readonly string[] = [
  `{${times(6000, (i) => `"${i.toString(36)}":0`)}}`,
  `{${times(6000, (i) => `"${i.toString(36)}":0`)},"0":1}`,
  `[${times(30_000, () => '0')}]`,
  '['.repeat(65_000),
  '{"a":'.repeat(13_000),
  `{"a":${'9'.repeat(65_000)}}`,
  `{"a":0.${'1'.repeat(65_000)}e-9}`,
  `"${'\\u0041'.repeat(10_900)}"`,
  `{"${'x'.repeat(65_000)}":1}`,
  `{"a":"${'\\'.repeat(65_000)}`,
  ' '.repeat(65_536),
]

export const jsonExtremes = (): Extreme[] => hard.map(extreme)

export function safetensorsExtremes(): Extreme[] {
  const tensor = (i: number): string => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`
  const headers = [
    ...hard,
    `{${times(1200, tensor)}}`,
    `{${times(1200, tensor)},"0":0}`,
    `{"w":{"dtype":"U8","shape":[${times(30_000, () => '1')}],"data_offsets":[0,1]}}`,
    `{"__metadata__":{${times(5000, (i) => `"${i}":"v"`)}}}`,
  ]
  return headers.map((header) => [fileOf(header.slice(0, 65_500)), header.length])
}

export function indexExtremes(): Extreme[] {
  const map = (n: number, shard: (i: number) => string): string =>
    `{"weight_map":{${times(n, (i) => `"${i.toString(36)}":"${shard(i)}"`)}}}`
  return [...hard, map(4500, (i) => `${i % 512}`), map(4500, (i) => `${i}`), map(200, () => '.'.repeat(300))].map(
    extreme,
  )
}

export function tokenizerExtremes(): Extreme[] {
  const vocab = times(4500, (i) => `"${i.toString(36)}":${i}`)
  const replace = (content: string): string => `{"type":"Replace","pattern":{"String":"a"},"content":"${content}"}`
  const model = '{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[]}'
  const long = 'a'.repeat(2000)
  const added = times(800, (i) => `{"id":${i + 3},"content":"${'a'.repeat(10)}${i.toString(36)}"}`)
  return [
    ...hard,
    `{"model":{"type":"BPE","vocab":{${vocab}},"merges":[]}}`,
    `{"model":{"type":"BPE","vocab":{"a":0,"aa":1},"merges":[${times(9000, () => '"a a"')}]}}`,
    `{"model":${model},"normalizer":{"type":"Sequence","normalizers":[${times(12, () => replace(long))}]}}`,
    `{"model":${model},"normalizer":{"type":"Sequence","normalizers":[${times(31, () => replace('aa'))}]}}`,
    `{"model":${model},"decoder":{"type":"Sequence","decoders":[${times(12, () => replace(long))}]}}`,
    `{"model":${model},"pre_tokenizer":{"type":"Sequence","pretokenizers":[${times(31, () => '{"type":"ByteLevel"}')}]}}`,
    `{"model":${model},"added_tokens":[${added}]}`,
  ].map(extreme)
}
