// put_edge: writes (`first`) or adds the n rows and `width` columns of a tile that exist, from a buffer of rows of 8.
export function put_edge(out: usize, ldo: usize, buffer: usize, n: i32, width: i32, first: bool): void {
  for (let r = 0; r < n; r++, out += ldo, buffer += 32) {
    if (width === 8) {
      const a = v128.load(buffer)
      const b = v128.load(buffer, 16)
      v128.store(out, first ? a : f32x4.add(v128.load(out), a))
      v128.store(out, first ? b : f32x4.add(v128.load(out, 16), b), 16)
    } else {
      for (let c: usize = 0; c < (<usize>width) << 2; c += 4)
        store<f32>(out + c, first ? load<f32>(buffer + c) : load<f32>(out + c) + load<f32>(buffer + c))
    }
  }
}
