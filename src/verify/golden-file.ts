// A dump in the format sail-golden/1: a safetensors file whose tensors carry stage names and whose metadata say what was
// run (model, image, prompt, dtype). Tensors are read one at a time, when they are compared, so a dump may be larger than
// memory. Format: golden/README.md.
import { SailError } from '../errors.ts'
import type { Tensor } from '../tensor.ts'
import { readHeader } from '../weights/safetensors/header.ts'
import { readTensor } from '../weights/safetensors/read.ts'
import type { DumpDtype } from './limits.ts'

/** What a golden file is read from: a file, or anything that gives ranges of bytes. */
export type GoldenSource = Parameters<typeof readHeader>[0]

export interface GoldenEntry {
  readonly dtype: string
  readonly shape: readonly number[]
}

export interface GoldenFile {
  /** Path or name, for reports. */
  readonly name: string
  readonly metadata: ReadonlyMap<string, string>
  readonly dtype: DumpDtype
  readonly tensors: ReadonlyMap<string, GoldenEntry>
  /** A tensor of the file. BF16 and F16 arrive as F32, I32 as I64, BOOL as U8. */
  read(name: string, signal?: AbortSignal): Promise<Tensor>
  close(): Promise<void>
}

/** What a dump's metadata call the format. */
export const goldenFormat = 'sail-golden/1'

/** @throws SailError E_GOLDEN_FORMAT, E_GOLDEN_DTYPE, and the safetensors reader's own. Closes the source when it throws. */
export async function openGolden(source: GoldenSource, signal?: AbortSignal): Promise<GoldenFile> {
  try {
    const header = await readHeader(source, signal === undefined ? {} : { signal })
    const found = header.metadata.get('format')
    if (found !== goldenFormat) {
      throw new SailError('E_GOLDEN_FORMAT', {
        file: source.name,
        place: 'metadata, format',
        expected: goldenFormat,
        found: found ?? 'none',
        hint: 'dumps are written by golden/dump.py and by `sail trace`',
      })
    }
    return {
      name: source.name,
      metadata: header.metadata,
      dtype: dumpDtype(source.name, header.metadata.get('dtype'), header.tensors),
      tensors: header.tensors,
      read: (name, abort) => readTensor(source, header, name, abort ?? signal),
      close: () => source.close(),
    }
  } catch (error) {
    await source.close()
    throw error
  }
}

function dumpDtype(file: string, found: string | undefined, tensors: ReadonlyMap<string, GoldenEntry>): DumpDtype {
  if (found === 'f32' || found === 'f64' || found === 'bf16') return found
  if (found === undefined) return [...tensors.values()].some(({ dtype }) => dtype === 'F64') ? 'f64' : 'f32'
  throw new SailError('E_GOLDEN_DTYPE', { file, place: 'metadata, dtype', expected: 'f32, f64 or bf16', found })
}
