// A torch checkpoint file: a zip of stored entries under one folder,
//   archive/data.pkl    a pickle that describes the tensors     archive/data/0, /1, ..   the storages that they view
//   archive/version     the format's number                     archive/byteorder        since torch 2.1, "little"
// Only the zip's headers, the pickle and these small files are read when it is opened; a tensor is a range of the file.
// Source: torch/serialization.py; caffe2/serialize/inline_container.h.
import type { ByteSource } from '../byte-source.ts'
import { rowRange } from '../rows.ts'
import type { Shard } from '../shard.ts'
import { layOut } from './layout.ts'
import { checkMagic } from './magic.ts'
import { unpickle } from './pickle/unpickle.ts'
import { type Refuse, refuser, type ZipEntry } from './zip/entry.ts'
import { readZip } from './zip/read-zip.ts'
import { RunningCrc } from './zip/running-crc.ts'

const maxPickleBytes = 25_000_000

/** @throws SailError E_TORCH_*, E_ZIP_*, one code a fault; the source's own errors */
export async function openTorch(source: ByteSource, signal?: AbortSignal): Promise<Shard> {
  const refuse = refuser(source.name, 'TORCH')
  checkMagic(source.name, await source.read(0, Math.min(512, source.byteLength), signal))
  const entries = await readZip(source, signal)
  const sums = new RunningCrc(source.name)
  const root = rootOf(refuse, entries)
  await checkSmall(refuse, source, entries, root, sums, signal)
  const pickle = await readEntry(refuse, source, entries.get(`${root}/data.pkl`)!, maxPickleBytes, sums, signal)
  const tensors = layOut(source.name, unpickle(source.name, pickle), (key) => entries.get(`${root}/data/${key}`))
  const described = [...tensors].map(
    ([name, { dtype, shape, begin, end }]) => [name, { dtype, shape, byteLength: end - begin }] as const,
  )
  return {
    source,
    tensors: new Map(described),
    async read(name, from, to, signal) {
      const tensor = tensors.get(name)!
      const { begin, end } = rowRange(source.name, 'TORCH', name, tensor, from, to)
      const bytes = await source.read(begin, end, signal)
      sums.take(tensor.entry, begin, bytes)
      return bytes
    },
  }
}

/** The one folder of the archive. @throws SailError E_TORCH_ARCHIVE, E_TORCH_SCRIPT */
function rootOf(refuse: Refuse, entries: ReadonlyMap<string, ZipEntry>): string {
  const names = [...entries.keys()]
  const roots = new Set(names.map((name) => name.split('/', 1)[0]))
  const [root] = roots
  if (roots.size !== 1 || !entries.has(`${root}/data.pkl`)) {
    const found = roots.size === 1 ? 'no data.pkl in it' : `${roots.size} folders`
    throw refuse('ARCHIVE', 'zip', 'one folder with data.pkl in it, as torch.save writes it', found)
  }
  if (entries.has(`${root}/constants.pkl`) || names.some((name) => name.startsWith(`${root}/code/`))) {
    const hint = 'save its state dict: torch.save(torch.jit.load(FILE).state_dict(), ..)'
    throw refuse('SCRIPT', 'zip', 'a file of weights', 'a TorchScript program', hint)
  }
  return root
}

/** @throws SailError E_TORCH_VERSION, E_TORCH_BYTEORDER */
async function checkSmall(
  refuse: Refuse,
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  root: string,
  sums: RunningCrc,
  signal?: AbortSignal,
): Promise<void> {
  const text = async (name: string): Promise<string | null> => {
    const entry = entries.get(`${root}/${name}`)
    if (entry === undefined) return null
    return String.fromCharCode(...(await readEntry(refuse, source, entry, 64, sums, signal)))
  }
  const version = (await text('version')) ?? (await text('.data/version'))
  if (!/^(?:[1-9]|10)\n?$/.test(version ?? '')) {
    throw refuse('VERSION', `${root}/version`, 'a number 1 .. 10', version === null ? 'none' : JSON.stringify(version))
  }
  const order = await text('byteorder')
  if (order !== null && order !== 'little') {
    throw refuse(
      'BYTEORDER',
      `${root}/byteorder`,
      'little',
      JSON.stringify(order),
      'save it again on a little-endian machine',
    )
  }
}

async function readEntry(
  refuse: Refuse,
  source: ByteSource,
  entry: ZipEntry,
  maxBytes: number,
  sums: RunningCrc,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const length = entry.end - entry.begin
  if (length > maxBytes) throw refuse('LARGE', entry.name, `at most ${maxBytes} bytes`, `${length}`)
  const bytes = await source.read(entry.begin, entry.end, signal)
  sums.take(entry, entry.begin, bytes)
  return bytes
}
