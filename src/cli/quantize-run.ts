// A packed folder from a checkpoint, with progress on stderr and what it came to on stdout.
import { type Quantized, quantize as quantizeCheckpoint } from '../node.ts'
import type { OutputFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { byteText, notes } from './notes.ts'
import { write, writeJson } from './stdout.ts'
import { forTerminal, oneLine } from './terminal.ts'

export interface QuantizeFlags extends OutputFlags {
  readonly model: string
  readonly weights: 'bf16' | 'q8' | 'q4'
  readonly out: string
  readonly threads?: number | 'auto'
  readonly json?: boolean
}

export async function quantize(flags: QuantizeFlags, { signal }: Context): Promise<void> {
  const { model, weights, out, threads = 'auto', json = false } = flags
  const show = notes(flags)
  try {
    const result = await quantizeCheckpoint(model, out, {
      ...{ weights, threads, signal },
      onProgress: show.progress,
      logger: show.say,
    })
    show.done()
    if (json) await writeJson(asJson(result))
    else await write(forTerminal(asText(oneLine(out), result), process.stdout))
    show.release()
  } finally {
    show.done()
  }
}

function asJson({ bitsPerWeight, ...rest }: Quantized): object {
  return { ...rest, bits_per_weight: bitsPerWeight }
}

function asText(out: string, { weights, bytes, bitsPerWeight, files }: Quantized): string {
  return `${out}: ${weights}, ${byteText(bytes)}, ${bitsPerWeight.toFixed(2)} bits a weight, ${files.length} files\n`
}
