// A checkpoint's folder: what it is, what it needs, what is wrong. A fault is part of the answer, not an error.
import Table from 'cli-table3'
import { type FormatPlan, type Inspection, inspect as inspectCheckpoint } from '../node.ts'
import type { OutputFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { write, writeJson } from './stdout.ts'
import { forTerminal, oneLine, paint } from './terminal.ts'

export interface InspectFlags extends OutputFlags {
  readonly model: string
  readonly check?: boolean
  readonly original?: string
  readonly json?: boolean
}

export async function inspect(flags: InspectFlags, { signal }: Context): Promise<void> {
  const { model, json = false, check = false, original } = flags
  const found = await inspectCheckpoint(model, { check, signal, ...(original !== undefined && { original }) })
  if (json) await writeJson(asJson(found))
  else await write(asText(model, found, check && found.packed !== null))
}

function asJson({ cacheBytesPerToken, ...rest }: Inspection): object {
  return { ...rest, cache_bytes_per_token: cacheBytesPerToken }
}

function asText(model: string, found: Inspection, read: boolean): string {
  const { config, tensors, packed, plan, cacheBytesPerToken, problems, warnings } = found
  const clean = (text: string): string => forTerminal(oneLine(text), process.stdout) // before it is painted
  const style = { head: [], border: [], compact: true }
  const table = new Table({ head: ['tensor', 'dtype', 'shape', 'bytes', 'file'], style })
  for (const { name, dtype, shape, bytes, file } of tensors)
    table.push([clean(name), dtype, `(${shape.join(', ')})`, bytes, clean(file)])
  const lines = [clean(model)]
  if (packed !== null) lines.push(`packed in ${packed.weights}, from the checkpoint ${packed.source}`)
  if (config !== null) {
    const sizes = Object.entries(config.dims).map(([letter, size]) => `${letter} ${size}`)
    lines.push(`family ${config.family.name}, ${sizes.join(', ')}, patch ${config.patchSize ?? 'none: text only'}`)
    lines.push(
      `rope theta ${config.ropeTheta}, sections ${config.ropeSections.join(' ')}, rms eps ${config.rmsNormEps}`,
    )
    lines.push(
      `sliding window ${config.slidingWindow ?? 'none'}, eos ${config.eosIds.join(' ') || 'none: never stops'}`,
    )
  }
  if (tensors.length > 0) lines.push(table.toString())
  const loadable = ([format]: [string, unknown]): boolean => ['exact', packed?.weights ?? format].includes(format)
  if (plan !== null) lines.push(memoryTable(Object.entries(plan).filter(loadable), style))
  if (cacheBytesPerToken !== null) lines.push(`keys and values: ${cacheBytesPerToken} bytes a token`)
  for (const warning of warnings) lines.push(clean(`note: ${warning}`))
  for (const { code, message } of problems)
    lines.push(paint('red', clean(`wrong: ${code}: ${message}`), process.stdout))
  const readText = read ? 'every byte of the weights was read' : 'the numbers were not read'
  if (problems.length === 0)
    lines.push(paint('green', `nothing is wrong with config, tensors and tokenizer (${readText})`, process.stdout))
  return `${lines.join('\n')}\n`
}

/** What each weight format takes, and over how many memories its layers are spread. */
function memoryTable(plans: [string, FormatPlan][], style: object): string {
  const head = ['format', 'weights', 'keys and values', 'values of a pass', 'in all', 'layers by memory']
  const table = new Table({ head, style })
  for (const [format, { weights, cache, values, total, memories }] of plans)
    table.push([
      format,
      ...[weights, cache, values, total].map(megabytes),
      memories.map(([from, to]) => `${from}..${to - 1}`).join(' | '),
    ])
  return table.toString()
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
