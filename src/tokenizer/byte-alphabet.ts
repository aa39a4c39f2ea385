// The byte alphabet of GPT-2: each of the 256 bytes is written as one printable character, so that a byte-level
// vocabulary is made of ordinary strings. Bytes that print in Latin-1 stand for themselves; the other 68, in rising
// order, are U+0100, U+0101, .. (so a space is Ġ, a line feed Ċ).
// Source: `bytes_to_unicode` of openai/gpt-2, src/encoder.py.

const printable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)

/** Character of a byte. */
const byteChars: readonly string[] = (() => {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
})()

const charBytes: ReadonlyMap<string, number> = new Map(byteChars.map((char, byte) => [char, byte]))

const utf8 = new TextEncoder()

/** Text as the characters of its UTF-8 bytes. */
export function toByteChars(text: string): string {
  let out = ''
  for (const byte of utf8.encode(text)) out += byteChars[byte]
  return out
}

/** Bytes that a token stands for: those of its characters, or its own UTF-8 where one is not of the alphabet. */
export function tokenBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length)
  for (let i = 0; i < token.length; i++) {
    const byte = charBytes.get(token[i])
    if (byte === undefined) return utf8.encode(token)
    bytes[i] = byte
  }
  return bytes
}
