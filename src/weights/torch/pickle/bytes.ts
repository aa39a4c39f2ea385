// Reads the arguments of pickle's opcodes, never beyond the end: a length that a pickle claims is held against what is
// left before anything is made of it.
import { type Refuse, viewOf } from '../zip/entry.ts'

const maxLine = 256

export class PickleBytes {
  readonly refuse: Refuse
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #opcodeAt = 0

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
    this.refuse = refuse
  }

  /** Where the present opcode is, for errors. */
  get place(): string {
    return `data.pkl, byte ${this.#opcodeAt}`
  }

  get rest(): number {
    return this.#bytes.length - this.#at
  }

  opcode(): number {
    this.#opcodeAt = this.#at
    return this.u8()
  }

  u8(): number {
    return this.#bytes[this.#take(1)]
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true)
  }

  /** A two's complement integer of `length` bytes, at most 8. @throws SailError E_TORCH_NUMBER beyond 2^53 - 1 */
  long(length: number): number {
    if (length > 8) throw this.refuse('NUMBER', this.place, 'an integer of at most 8 bytes', `${length} bytes`)
    let value = 0n
    const at = this.#take(length)
    for (let i = 0; i < length; i++) value |= BigInt(this.#bytes[at + i]) << BigInt(8 * i)
    const signed = Number(BigInt.asIntN(8 * length, value))
    if (Number.isSafeInteger(signed)) return signed
    throw this.refuse('NUMBER', this.place, 'an integer within 2^53 - 1', `${value}`)
  }

  /** UTF-8 text of a length. @throws SailError E_TORCH_TEXT */
  text(length: number): string {
    const at = this.#take(length)
    return this.#decode(this.#bytes.subarray(at, at + length))
  }

  /** Text up to a line feed, within 256 bytes. */
  line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + maxLine).indexOf(10)
    if (end >= 0) {
      const text = this.text(end)
      this.#at++
      return text
    }
    if (this.rest < maxLine) this.#take(maxLine)
    throw this.refuse('TEXT', this.place, `a name of at most ${maxLine} bytes`, 'a longer one')
  }

  #take(length: number): number {
    if (length > this.rest) {
      throw this.refuse('PICKLE_TRUNCATED', this.place, `${length} bytes more`, `${this.rest}`, 'fetch the file again')
    }
    this.#at += length
    return this.#at - length
  }

  #decode(bytes: Uint8Array): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      throw this.refuse('TEXT', this.place, 'UTF-8', 'other bytes')
    }
  }
}
