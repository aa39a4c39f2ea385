// Writes a packed folder's files, part after part in the order in which they are planned, as the bytes come: nothing is held
// but sums. The header of a file, which needs them, is written last; its length is known first, since a sum is always 64
// digits. Several files get an index, as Hugging Face's shards do.
import { SailError } from '../../errors.ts'
import type { ByteSink } from '../byte-sink.ts'
import { type PackedPart, partBytes, partKey } from '../formats/packed-weights.ts'
import { PackedSum } from '../formats/sum.ts'
import { type Layout, layOut } from '../safetensors/layout.ts'
import { type PackedHead, writeMetadata } from './metadata.ts'

export type PlannedPart = Omit<PackedPart, 'sum'>

export interface PackedPlan {
  readonly head: Omit<PackedHead, 'files'>
  readonly parts: readonly PlannedPart[]
  /** Most bytes of parts in one file; a part is never cut. */
  readonly maxFileBytes: number
  readonly open: (file: string) => Promise<ByteSink>
}

interface OpenFile {
  readonly parts: readonly PlannedPart[]
  readonly layout: Layout
  readonly sink: ByteSink
  readonly sums: Map<string, string>
}

/** No sum yet: as long as one. */
const blank = new PackedSum().hex()

export class PackedWriter {
  readonly #plan: PackedPlan
  readonly #groups: readonly (readonly PlannedPart[])[]
  #number = 0
  #file: OpenFile | null = null

  constructor(plan: PackedPlan) {
    this.#plan = plan
    this.#groups = grouped(plan)
  }

  /** Writes one part, all of it, from the pieces that `make` hands over in order. @throws SailError E_PACKED_PART; the sink's */
  async part(part: PlannedPart, make: (take: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<void> {
    const file = this.#file ?? (await this.#open())
    const key = partKey(part)
    const { begin, end } = file.layout.places.get(key)!
    const sum = new PackedSum()
    let at = begin
    await make(async (bytes) => {
      sum.add(bytes)
      await file.sink.write(bytes, at)
      at += bytes.length
    })
    if (at !== end) throw short(file.sink.name, key, end - begin, at - begin)
    file.sums.set(key, sum.hex())
    if (file.sums.size === file.parts.length) await this.#close(file)
  }

  /** Writes the index, where there are several files. */
  async finish(): Promise<void> {
    if (this.#groups.length === 1) return
    const names = this.#groups.flatMap((parts, i) => parts.map((part) => [partKey(part), this.#name(i)] as const))
    const total_size = this.#plan.parts.reduce((sum, part) => sum + partBytes(part), 0)
    const text = JSON.stringify({ metadata: { total_size }, weight_map: Object.fromEntries(names) }, null, 1)
    const sink = await this.#plan.open('packed.safetensors.index.json')
    await sink.write(new TextEncoder().encode(text), 0)
    await sink.close()
  }

  /** Lets go of a file that is not complete. */
  async abort(): Promise<void> {
    await this.#file?.sink.abort()
    this.#file = null
  }

  async #open(): Promise<OpenFile> {
    const parts = this.#groups[this.#number]
    const name = this.#name(this.#number)
    const layout = this.#layOut(name, parts, () => blank)
    const file = { parts, layout, sink: await this.#plan.open(name), sums: new Map<string, string>() }
    this.#file = file
    return file
  }

  async #close({ parts, sink, sums }: OpenFile): Promise<void> {
    const { header } = this.#layOut(sink.name, parts, (part) => sums.get(partKey(part))!)
    await sink.write(header, 0)
    this.#file = null
    this.#number++
    await sink.close()
  }

  #layOut(file: string, parts: readonly PlannedPart[], sum: (part: PlannedPart) => string): Layout {
    const head = { ...this.#plan.head, files: this.#groups.length }
    const declared = parts.map((part) => [partKey(part), { dtype: 'U8', shape: [partBytes(part)] }] as const)
    const metadata = writeMetadata(
      head,
      parts.map((part) => ({ ...part, sum: sum(part) })),
    )
    return layOut(file, new Map(declared), metadata)
  }

  #name(number: number): string {
    const digits = (n: number): string => `${n}`.padStart(5, '0')
    const count = this.#groups.length
    return count === 1 ? 'packed.safetensors' : `packed-${digits(number + 1)}-of-${digits(count)}.safetensors`
  }
}

/** Parts in order, as many to a file as fit. */
function grouped({ parts, maxFileBytes }: PackedPlan): PlannedPart[][] {
  const groups: PlannedPart[][] = []
  let bytes = 0
  for (const part of parts) {
    const size = partBytes(part)
    if (groups.length === 0 || bytes + size > maxFileBytes) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)!.push(part)
    bytes += size
  }
  return groups
}

function short(file: string, place: string, expected: number, found: number): SailError {
  return new SailError('E_PACKED_PART', { file, place, expected: `${expected} bytes`, found: `${found}` })
}
