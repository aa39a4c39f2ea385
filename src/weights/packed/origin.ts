// Whether a packed folder belongs to what stands beside it: its config.json must be the one it was packed with, and a
// checkpoint in the same folder, or one that is given, must be the one it was made from.
import { SailError } from '../../errors.ts'
import { type Folder, readWhole } from '../folder.ts'
import type { PackedHead } from './metadata.ts'
import { type HashedCheckpoint, sourceHash } from './source-hash.ts'

const maxConfig = 1 << 20

/** @throws SailError E_PACKED_CONFIG; the folder's own errors */
export async function checkConfig(folder: Folder, { config }: PackedHead, signal?: AbortSignal): Promise<void> {
  const found = new TextDecoder().decode(await readWhole(folder, 'config.json', maxConfig, signal))
  if (found === config) return
  throw new SailError('E_PACKED_CONFIG', {
    file: `${folder.name}/config.json`,
    expected: 'the config.json that the weights were packed with, letter by letter',
    found: 'another one',
    hint: 'if it is of another model: run sail quantize again',
  })
}

/** @param file the packed folder, for the error   @throws SailError E_PACKED_SOURCE; what reading throws */
export async function checkSource(
  file: string,
  { source }: PackedHead,
  folder: Folder,
  checkpoint: HashedCheckpoint,
  signal?: AbortSignal,
): Promise<void> {
  const found = await sourceHash(await readWhole(folder, 'config.json', maxConfig, signal), checkpoint, signal)
  if (found === source) return
  throw new SailError('E_PACKED_SOURCE', {
    file,
    place: 'metadata, source',
    expected: `${found}, the hash of the checkpoint in ${folder.name}`,
    found: source,
    hint: 'it was made from another checkpoint: run sail quantize again',
  })
}
