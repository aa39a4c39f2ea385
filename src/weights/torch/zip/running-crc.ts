// The CRC of an entry that is read piece by piece: a backend takes large tensors in ranges of rows, one after the other.
// As long as each range begins where the one before ended, their CRC is carried on, and at the end of the entry it must
// be the one that the zip holds. Ranges in another order are not summed, and so not checked.
import { quote } from '../../../config/quote.ts'
import { crc32 } from './crc32.ts'
import { refuser, type ZipEntry } from './entry.ts'

export class RunningCrc {
  readonly #states = new Map<string, { at: number; crc: number }>()
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  /** Takes bytes that were read from `begin` of the file on. @throws SailError E_ZIP_CRC at the end of an entry */
  take(entry: ZipEntry, begin: number, bytes: Uint8Array): void {
    const state = begin === entry.begin ? { at: begin, crc: 0 } : this.#states.get(entry.name)
    if (state?.at !== begin) return
    const [at, crc] = [begin + bytes.length, crc32(bytes, state.crc)]
    if (at < entry.end) {
      this.#states.set(entry.name, { at, crc })
      return
    }
    this.#states.delete(entry.name)
    if (crc === entry.crc) return
    const hint = 'the file is damaged: fetch it again'
    throw refuser(this.#file, 'ZIP')('CRC', `data of ${quote(entry.name)}`, hex(entry.crc), hex(crc), hint)
  }
}

function hex(crc: number): string {
  return `CRC 0x${crc.toString(16).padStart(8, '0')}`
}
