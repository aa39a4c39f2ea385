// Index files of sharded checkpoints. Whatever an accepted index names is a bare name: no path leads out of its folder.
import { parseIndex } from '../../../src/weights/shard-index.ts'
import { indexExtremes } from '../extremes/texts.ts'
import { changeJson } from '../json-text.ts'
import { hold, type Parser } from '../parser.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const words = [
  '"../a"',
  '"/etc/passwd"',
  '"C:\\\\x"',
  '"a/b"',
  '".."',
  '"file:///x"',
  '"weight_map"',
  '"metadata"',
  '"1.safetensors"',
  '"\\u0000"',
]

export const shardIndex: Parser = {
  name: 'shard index',
  seeds: (read) => [
    read('golden/cases/models/tiny-window/model.safetensors.index.json'),
    bytes('{"metadata":{"total_size":8},"weight_map":{"a":"1.safetensors","b":"2.safetensors","c":"1.safetensors"}}'),
  ],
  change: (seed, random) => bytes(changeJson(new TextDecoder().decode(seed), random, words)),
  async run(bytes) {
    const map = parseIndex('model.safetensors.index.json', bytes)
    hold(
      [...map.values()].every((name) => /^[^/\\:\p{Cc}]{1,255}$/u.test(name) && name !== '..' && name !== '.'),
      'bare names',
    )
    return bytes.length
  },
  extremes: indexExtremes,
  codes: /^E_INDEX_[A-Z0-9_]+$/,
}
