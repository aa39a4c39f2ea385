// The key/value cache of a layer is a list of pages of 128 tokens; growing adds pages, nothing ever moves.
//   page:             |K of group 0|K of group 1|..|K of group G-1|V of group 0|..|V of group G-1|
//   K of a group:     tokens 0..7: e=0 |t0 .. t7| e=1 |t0 .. t7| ..    tokens 8..15: e=0 ..
//   V of a group:     columns 0..7: t0 |c0 .. c7| t1 |c0 .. c7| ..    columns 8..15: t0 ..; E8 = E rounded up to 8
//   pageTable: u32 byte offsets of the layer's pages; token t is row t % 128 of page t / 128
// So scores and mixtures are made from whole vectors of keys or columns, read from the first byte to the last: memory is
// fastest that way. Values are f32, or f16 in the functions that end in _f16 (kv_f16.ts; half the bytes).
export const PAGE: i32 = 128

/** Tokens of a page. */
export function kv_page_tokens(): i32 {
  return PAGE
}

export function kv_page_bytes(G: i32, E: i32): i32 {
  return G * PAGE * (E + round8(E)) * 4
}

/** Behind the values a byte for each token's K and one for each token's V: whether Infinity or NaN is among them. */
export function kv_page_bytes_f16(G: i32, E: i32): i32 {
  return G * PAGE * (E + round8(E)) * 2 + 2 * PAGE
}

/** Values in a page before those of the 8 tokens around t in K of group g; e is 8 values further on than e - 1. */
export function keys_in_page(t: i32, g: i32, E: i32): usize {
  return <usize>(g * PAGE + (t & (PAGE - 8))) * <usize>E
}

/** Values in a page before the first 8 columns of token t in V of group g; the next 8 are 8 * PAGE values further on. */
export function values_in_page(t: i32, g: i32, G: i32, E: i32): usize {
  return <usize>(G * PAGE) * <usize>E + <usize>(g * PAGE) * <usize>round8(E) + ((<usize>(t % PAGE)) << 3)
}

/** Byte offset of the page that holds token t. */
export function page_of(pageTable: usize, t: i32): usize {
  return <usize>load<u32>(pageTable + ((<usize>(t / PAGE)) << 2))
}

export function round8(n: i32): i32 {
  return (n + 7) & ~7
}
