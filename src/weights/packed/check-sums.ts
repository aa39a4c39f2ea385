// Reads every byte of a packed folder and holds it against the sums in its files, without loading anything.
import { quote } from '../../config/quote.ts'
import { SailError } from '../../errors.ts'
import { partBytes } from '../formats/packed-weights.ts'
import { PackedSum } from '../formats/sum.ts'
import type { PackedFolder } from './join.ts'

/** Bytes that are read at once, whole vectors of the sum. */
const PIECE = 1 << 24

/** The faults, one a damaged part. @throws what reading throws; signal.reason */
export async function checkSums(packed: PackedFolder, signal?: AbortSignal): Promise<SailError[]> {
  const faults: SailError[] = []
  for (const [key, part] of packed.parts) {
    const sum = new PackedSum()
    const bytes = partBytes(part)
    for (let at = 0; at < bytes; at += PIECE) sum.add(await packed.read(key, at, Math.min(bytes, at + PIECE), signal))
    if (sum.hex() === part.sum) continue
    const [expected, found] = [`bytes with the sum ${part.sum}`, sum.hex()]
    const hint = 'the file is damaged: fetch it again, or run sail quantize again'
    faults.push(
      new SailError('E_PACKED_SUM', {
        file: packed.pathOf(key),
        place: quote(key),
        expected,
        found,
        hint,
      }),
    )
  }
  return faults
}
