// The key/value cache of a layer is a list of pages of 128 tokens; growing adds pages, nothing ever moves.
//   page:  |K of group 0: 128 rows of E|K of group 1|..|K of group G-1|V of group 0: 128 rows of E|..|V of group G-1|
//   pageTable: u32 byte offsets of the layer's pages; token t is row t % 128 of page t / 128
// Values are f32, or f16 in the functions that end in _f16 (half the bytes; what lies beyond 65,504 becomes Infinity).
export const PAGE: i32 = 128

/** Tokens of a page. */
export function kv_page_tokens(): i32 {
  return PAGE
}

export function kv_page_bytes(G: i32, E: i32): i32 {
  return G * PAGE * E * 8
}

export function kv_page_bytes_f16(G: i32, E: i32): i32 {
  return G * PAGE * E * 4
}

/** Values before row t % PAGE of group g, counted in the page's K part (part 0) or from its start to its V part (1). */
export function row_in_page(part: i32, t: i32, g: i32, G: i32, E: i32): usize {
  return (<usize>((part * G + g) * PAGE) + <usize>(t % PAGE)) * <usize>E
}

/** Byte offset of the page that holds token t. */
export function page_of(pageTable: usize, t: i32): usize {
  return <usize>load<u32>(pageTable + ((<usize>(t / PAGE)) << 2))
}
