// A random checkpoint in the shape of SAIL-7B (or a smaller one) as bf16 safetensors shards, written piece by piece: a piece
// of 8 MB is all that is ever in memory. Weights are normal with the deviation of an untrained model, so every number that
// a pass makes is finite; norms are 1. The tokenizer is the embedded model's, whose ids all fit.
//   npm run bench -- synthetic --out DIR [--layers 32] [--hidden 4096] [--feed-forward 14336] [--vocab 33030] [--patch 14]
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseConfig } from '../src/config/parse.ts'
import { expectedWeights } from '../src/config/weight-names.ts'
import { createFile } from '../src/node/file-sink.ts'
import { sizeOf } from '../src/tensor.ts'
import { f32ToBf16Bits } from '../src/weights/formats/bf16.ts'
import { writeSafetensors } from '../src/weights/safetensors/write.ts'

const PIECE = 8 * 2 ** 20
const SHARD = 5e9
const DEVIATION = 0.02

export interface Shape {
  readonly layers: number
  readonly hidden: number
  readonly feedForward: number
  readonly heads: number
  readonly kvHeads: number
  readonly vocab: number
  readonly patch: number
}

/** Command line flags with the sizes of SAIL-7B. */
const sizes = {
  layers: { type: 'string', default: '32' },
  hidden: { type: 'string', default: '4096' },
  'feed-forward': { type: 'string', default: '14336' },
  heads: { type: 'string', default: '32' },
  'kv-heads': { type: 'string', default: '8' },
  vocab: { type: 'string', default: '33030' },
  patch: { type: 'string', default: '14' },
} as const

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { out: { type: 'string' }, ...sizes } })
  if (values.out === undefined) throw new Error('synthetic: --out DIR is missing')
  const [layers, hidden, feedForward, heads, kvHeads, vocab, patch] = [
    ...[values.layers, values.hidden, values['feed-forward'], values.heads],
    ...[values['kv-heads'], values.vocab, values.patch],
  ].map(Number)
  await writeSynthetic(values.out, { layers, hidden, feedForward, heads, kvHeads, vocab, patch })
}

/** Writes config, tokenizer, shards and their index into `folder`. */
export async function writeSynthetic(folder: string, shape: Shape): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const config = JSON.stringify(configOf(shape), null, 2)
  writeFileSync(join(folder, 'config.json'), config)
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'generation_config.json'])
    cpSync(join('golden', 'tiny', file), join(folder, file))
  const parsed = parseConfig({ config, generation: null, hasVisEmbed: true, file: 'config.json' })
  const shards = dealOut(expectedWeights(parsed))
  const name = (i: number): string => `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`
  const fill = normalFiller()
  for (const [i, tensors] of shards.entries()) {
    const declared = new Map([...tensors].map(([key, dims]) => [key, { dtype: 'BF16' as const, shape: dims }]))
    const sink = await createFile(join(folder, name(i)))
    await writeSafetensors(sink, { tensors: declared }, async (write) => {
      for (const [key, dims] of tensors)
        for (let left = sizeOf(dims); left > 0; left -= PIECE / 2)
          await write(key, fill(Math.min(left, PIECE / 2), dims.length === 1))
    })
  }
  const files = shards.flatMap((tensors, i) => [...tensors.keys()].map((key) => [key, name(i)]))
  const index = { metadata: {}, weight_map: Object.fromEntries(files) }
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify(index))
}

const number = (n: number): string => String(n).padStart(5, '0')

function configOf({ layers, hidden, feedForward, heads, kvHeads, vocab, patch }: Shape): object {
  return {
    architectures: ['SailForCausalLM'],
    model_type: 'mistral',
    hidden_act: 'silu',
    hidden_size: hidden,
    intermediate_size: feedForward,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    vocab_size: vocab,
    vision_patch_size: patch,
    max_position_embeddings: 32768,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    sliding_window: 4096,
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
    bos_token_id: 1,
    eos_token_id: 2,
  }
}

/** Neighbours stay together; a shard is full when it has SHARD bytes. */
function dealOut(tensors: ReadonlyMap<string, readonly number[]>): Map<string, readonly number[]>[] {
  const shards = [new Map<string, readonly number[]>()]
  let bytes = 0
  for (const [name, dims] of tensors) {
    if (bytes >= SHARD) {
      shards.push(new Map())
      bytes = 0
    }
    shards.at(-1)!.set(name, dims)
    bytes += sizeOf(dims) * 2
  }
  return shards
}

/** Hands out bf16 bits from a table of 65,536 normal values, drawn by xorshift; always in the same buffer. */
function normalFiller(): (count: number, ones: boolean) => Uint16Array {
  const one = f32ToBf16Bits(1)
  const table = new Uint16Array(65536).map((_, i) => f32ToBf16Bits(DEVIATION * quantile((i + 0.5) / 65536)))
  const piece = new Uint16Array(PIECE / 2)
  let state = 2463534242
  return (count, ones) => {
    if (ones) return piece.fill(one, 0, count).subarray(0, count)
    for (let i = 0; i < count; i += 2) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      piece[i] = table[state & 0xffff]
      piece[i + 1] = table[state >>> 16]
    }
    return piece.subarray(0, count)
  }
}

/** About the normal value below which a share of p lies (logistic approximation: its tails are good enough here). */
function quantile(p: number): number {
  return Math.log(p / (1 - p)) / 1.702
}
