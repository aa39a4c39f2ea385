// The checksum of packed data. The bytes, filled up with zeros to vectors v of four u32, give in each of the four lanes
//   a = v_0 + v_1 + ..        b = a_0 + a_1 + ..  (a after each vector)        mod 2^32
// after Fletcher: a sees any changed bit, b also what stands in another place. One addition a vector and lane, so it costs
// little beside the reading itself, and the sums of pieces join into the sum of the whole, whoever read them:
//   a = a1 + a2        b = b1 + n2 * a1 + b2        n2 vectors in the second piece
// It finds damage, not malice. Twin of assembly/check_packed.ts.

/** Bytes of a vector. */
const VECTOR = 16

export class PackedSum {
  /** Four lanes of a, four of b. */
  readonly #words = new Uint32Array(8)

  /** Adds the sum of what follows: `words` over `bytes` bytes. Only the last piece may end inside a vector. */
  join(words: ArrayLike<number>, bytes: number): void {
    const count = Math.ceil(bytes / VECTOR)
    const own = this.#words
    for (let lane = 0; lane < 4; lane++) {
      own[lane + 4] += Math.imul(count, own[lane]) + words[lane + 4]
      own[lane] += words[lane]
    }
  }

  /** Adds the bytes that follow. Only the last piece may end inside a vector. */
  add(bytes: Uint8Array): void {
    this.join(sumOf(bytes), bytes.length)
  }

  /** 64 digits. */
  hex(): string {
    return Array.from(this.#words, (word) => word.toString(16).padStart(8, '0')).join('')
  }
}

/** Lanes of a and b over one piece. */
export function sumOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 && bytes.length % VECTOR === 0 ? bytes : padded(bytes)
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4)
  const out = new Uint32Array(8)
  for (let lane = 0; lane < 4; lane++) {
    let [a, b] = [0, 0]
    for (let i = lane; i < words.length; i += 4) {
      a = (a + words[i]) | 0
      b = (b + a) | 0
    }
    out[lane] = a
    out[lane + 4] = b
  }
  return out
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / VECTOR) * VECTOR)
  whole.set(bytes)
  return whole
}
