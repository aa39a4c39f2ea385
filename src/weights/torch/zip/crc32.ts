// CRC-32 as zip files use it: polynomial 0xEDB88320 (bits reversed), start and end inverted. Eight bytes a step, with one
// table for each of their places, since it runs over every weight of a checkpoint.
//   table[k][b] = the CRC of byte b followed by k zero bytes
const tables = makeTables()

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    made[byte] = crc
  }
  for (let i = 256; i < made.length; i++) made[i] = made[made[i - 256] & 255] ^ (made[i - 256] >>> 8)
  return made
}

/** CRC-32 of bytes; of bytes that follow others when `before` is the CRC of those. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const t = tables
  const wide = bytes.length - (bytes.length % 8)
  let crc = ~before
  let i = 0
  for (; i < wide; i += 8) {
    const low = crc ^ (bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24))
    crc =
      t[1792 + (low & 255)] ^
      t[1536 + ((low >>> 8) & 255)] ^
      t[1280 + ((low >>> 16) & 255)] ^
      t[1024 + (low >>> 24)] ^
      t[768 + bytes[i + 4]] ^
      t[512 + bytes[i + 5]] ^
      t[256 + bytes[i + 6]] ^
      t[bytes[i + 7]]
  }
  for (; i < bytes.length; i++) crc = t[(crc ^ bytes[i]) & 255] ^ (crc >>> 8)
  return ~crc >>> 0
}
