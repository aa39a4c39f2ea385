// A checkpoint into a packed folder: weights as the kernels keep them, and the small files beside them, so that the folder
// loads by itself. Everything that loading would refuse is refused before anything is written.
import type { LoadOptions, Source } from '../api.ts'
import { packWeights, plannedParts } from '../backends/wasm/pack-weights.ts'
import { SailError } from '../errors.ts'
import { checkWeights } from '../weights/check.ts'
import { openCheckpoint } from '../weights/checkpoint.ts'
import { type Folder, readWhole } from '../weights/folder.ts'
import type { FolderSink } from '../weights/folder-sink.ts'
import { partBytes } from '../weights/formats/packed-weights.ts'
import { sourceHash } from '../weights/packed/source-hash.ts'
import { PackedWriter } from '../weights/packed/write.ts'
import { hasVisEmbed, readConfig } from '../weights/read-config.ts'
import type { Environment } from './environment.ts'
import { checkTokens, readTokenizer } from './tokenizer-file.ts'

export interface QuantizeOptions extends Pick<LoadOptions, 'onProgress' | 'signal' | 'logger'> {
  readonly weights: 'bf16' | 'q8' | 'q4'
  /** Default auto. */
  readonly threads?: number | 'auto'
  /** Most bytes of weights in one file, default 4 GB. */
  readonly maxFileBytes?: number
}

export interface Quantized {
  readonly weights: 'bf16' | 'q8' | 'q4'
  /** Hash of the checkpoint. */
  readonly source: string
  readonly files: readonly string[]
  /** Of all weights. */
  readonly bytes: number
  readonly bitsPerWeight: number
}

/** Copied as they are, where they are there. */
const small = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
]
const maxSmall = 1 << 28

/** Whether these files are no more than what `quantizeIn` writes. */
export function isPackedFolder(names: readonly string[]): boolean {
  const packed = /^packed(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/
  return names.some((name) => packed.test(name)) && names.every((name) => packed.test(name) || small.includes(name))
}

/**
 * Writes a packed folder and closes it; on any error it is aborted.
 * @throws SailError E_QUANTIZE_PACKED (the source is a packed folder), and those of loading; what the sink throws; signal.reason
 */
export async function quantizeIn(
  environment: Environment,
  source: Source,
  out: FolderSink,
  options: QuantizeOptions,
): Promise<Quantized> {
  try {
    const result = await write(environment, await environment.openFolder(source), out, options)
    options.signal?.throwIfAborted()
    await out.close()
    return result
  } catch (error) {
    await out.abort()
    throw error
  }
}

async function write(
  environment: Environment,
  folder: Folder,
  out: FolderSink,
  options: QuantizeOptions,
): Promise<Quantized> {
  const { weights, threads = 'auto', maxFileBytes = 4e9, signal, onProgress, logger } = options
  const checkpoint = await openCheckpoint(folder, signal)
  try {
    if (checkpoint.packed !== undefined) throw packedAlready(folder.name, checkpoint.packed.weights)
    const config = await readConfig(folder, hasVisEmbed(checkpoint), signal)
    const warning = checkWeights(config, checkpoint, folder.name)
    if (warning !== null) logger?.(`${folder.name}: ${warning}`)
    checkTokens(config, await readTokenizer(folder, signal))
    const text = await readWhole(folder, 'config.json', maxSmall, signal)
    const hash = await sourceHash(text, checkpoint, signal)
    const plans = plannedParts(config, (name) => checkpoint.tensors.get(name)!.dtype, weights)
    const parts = plans.map(({ part }) => part)
    const files: string[] = []
    const open = (name: string) => {
      files.push(name)
      return out.file(name)
    }
    const head = { weights, source: hash, config: new TextDecoder().decode(text) }
    const writer = new PackedWriter({ head, parts, maxFileBytes, open })
    const request = {
      ...{ config, weights: checkpoint, numerics: 'f32' as const },
      ...(signal !== undefined && { signal }),
      ...(onProgress !== undefined && { onProgress }),
    }
    try {
      await packWeights(request, plans, { threads }, environment.wasm, ({ part }, make) => writer.part(part, make))
      await writer.finish()
    } catch (error) {
      await writer.abort()
      throw error
    }
    for (const name of small) if (await folder.has(name)) await copy(folder, out, name, signal)
    const bytes = parts.reduce((sum, part) => sum + partBytes(part), 0)
    const values = parts.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0)
    return { weights, source: hash, files, bytes, bitsPerWeight: (bytes * 8) / values }
  } finally {
    await checkpoint.close()
  }
}

async function copy(folder: Folder, out: FolderSink, name: string, signal?: AbortSignal): Promise<void> {
  const bytes = await readWhole(folder, name, maxSmall, signal)
  const sink = await out.file(name)
  try {
    await sink.write(bytes, 0)
    await sink.close()
  } catch (error) {
    await sink.abort()
    throw error
  }
}

function packedAlready(file: string, found: string): SailError {
  return new SailError('E_QUANTIZE_PACKED', {
    file,
    expected: 'a checkpoint',
    found: `weights that are packed in ${found} already`,
    hint: 'packing again would lose more: give the checkpoint they were made from',
  })
}
