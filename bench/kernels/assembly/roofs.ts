// The roofs of this machine in WebAssembly: what the vector units and the memory give when nothing else limits them.
// Each compute roof runs twelve independent chains on operands in registers, `steps` times; the operands come from memory
// (`at`: x, y, then room for 12 sums), because V8 rebuilds a constant vector at every use. Operations per step:
//   madd_roof           12 * 8    f32 multiply and add, one instruction in the relaxed build, two in the strict build
//   dot_i16x8_roof      12 * 16   i32x4.dot_i16x8_s + add
//   relaxed only: dot_i32_roof  12 * 32   i32x4.relaxed_dot_i8x16_i7x16_add_s
//                 dot_i16_roof  12 * 32   i16x8.relaxed_dot_i8x16_i7x16_s + i16x8.add
//   read_roof           adds up `bytes` bytes from `at` in eight chains of 128-bit loads
import { madd } from '../../../assembly/madd'

/** 12 * 8 operations a step. */
export function madd_roof(at: usize, steps: i32): void {
  const x = v128.load(at)
  const y = v128.load(at, 16)
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  let i = a
  let j = a
  let k = a
  let l = a
  for (let s = 0; s < steps; s++) {
    a = madd(x, y, a)
    b = madd(x, y, b)
    c = madd(x, y, c)
    d = madd(x, y, d)
    e = madd(x, y, e)
    f = madd(x, y, f)
    g = madd(x, y, g)
    h = madd(x, y, h)
    i = madd(x, y, i)
    j = madd(x, y, j)
    k = madd(x, y, k)
    l = madd(x, y, l)
  }
  v128.store(at, a, 32)
  v128.store(at, b, 48)
  v128.store(at, c, 64)
  v128.store(at, d, 80)
  v128.store(at, e, 96)
  v128.store(at, f, 112)
  v128.store(at, g, 128)
  v128.store(at, h, 144)
  v128.store(at, i, 160)
  v128.store(at, j, 176)
  v128.store(at, k, 192)
  v128.store(at, l, 208)
}

/** 12 * 16 operations a step. */
export function dot_i16x8_roof(at: usize, steps: i32): void {
  const x = v128.load(at)
  const y = v128.load(at, 16)
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  let i = a
  let j = a
  let k = a
  let l = a
  for (let s = 0; s < steps; s++) {
    a = i32x4.add(a, i32x4.dot_i16x8_s(x, y))
    b = i32x4.add(b, i32x4.dot_i16x8_s(x, y))
    c = i32x4.add(c, i32x4.dot_i16x8_s(x, y))
    d = i32x4.add(d, i32x4.dot_i16x8_s(x, y))
    e = i32x4.add(e, i32x4.dot_i16x8_s(x, y))
    f = i32x4.add(f, i32x4.dot_i16x8_s(x, y))
    g = i32x4.add(g, i32x4.dot_i16x8_s(x, y))
    h = i32x4.add(h, i32x4.dot_i16x8_s(x, y))
    i = i32x4.add(i, i32x4.dot_i16x8_s(x, y))
    j = i32x4.add(j, i32x4.dot_i16x8_s(x, y))
    k = i32x4.add(k, i32x4.dot_i16x8_s(x, y))
    l = i32x4.add(l, i32x4.dot_i16x8_s(x, y))
  }
  v128.store(at, a, 32)
  v128.store(at, b, 48)
  v128.store(at, c, 64)
  v128.store(at, d, 80)
  v128.store(at, e, 96)
  v128.store(at, f, 112)
  v128.store(at, g, 128)
  v128.store(at, h, 144)
  v128.store(at, i, 160)
  v128.store(at, j, 176)
  v128.store(at, k, 192)
  v128.store(at, l, 208)
}

/** 12 * 32 operations a step; the strict build has no such instruction and does nothing. */
export function dot_i32_roof(at: usize, steps: i32): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return
  const x = v128.load(at)
  const y = v128.load(at, 16)
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  let i = a
  let j = a
  let k = a
  let l = a
  for (let s = 0; s < steps; s++) {
    a = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, a)
    b = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, b)
    c = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, c)
    d = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, d)
    e = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, e)
    f = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, f)
    g = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, g)
    h = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, h)
    i = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, i)
    j = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, j)
    k = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, k)
    l = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, l)
  }
  v128.store(at, a, 32)
  v128.store(at, b, 48)
  v128.store(at, c, 64)
  v128.store(at, d, 80)
  v128.store(at, e, 96)
  v128.store(at, f, 112)
  v128.store(at, g, 128)
  v128.store(at, h, 144)
  v128.store(at, i, 160)
  v128.store(at, j, 176)
  v128.store(at, k, 192)
  v128.store(at, l, 208)
}

/** 12 * 32 operations a step; the strict build has no such instruction and does nothing. */
export function dot_i16_roof(at: usize, steps: i32): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return
  const x = v128.load(at)
  const y = v128.load(at, 16)
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  let i = a
  let j = a
  let k = a
  let l = a
  for (let s = 0; s < steps; s++) {
    a = i16x8.add(a, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    b = i16x8.add(b, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    c = i16x8.add(c, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    d = i16x8.add(d, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    e = i16x8.add(e, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    f = i16x8.add(f, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    g = i16x8.add(g, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    h = i16x8.add(h, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    i = i16x8.add(i, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    j = i16x8.add(j, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    k = i16x8.add(k, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
    l = i16x8.add(l, i16x8.relaxed_dot_i8x16_i7x16_s(x, y))
  }
  v128.store(at, a, 32)
  v128.store(at, b, 48)
  v128.store(at, c, 64)
  v128.store(at, d, 80)
  v128.store(at, e, 96)
  v128.store(at, f, 112)
  v128.store(at, g, 128)
  v128.store(at, h, 144)
  v128.store(at, i, 160)
  v128.store(at, j, 176)
  v128.store(at, k, 192)
  v128.store(at, l, 208)
}

/** Adds up `bytes`, a multiple of 128, from `at`; writes 16 bytes to `sums`. */
export function read_roof(at: usize, bytes: usize, sums: usize): void {
  let a = i32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  for (const end = at + bytes; at < end; at += 128) {
    a = i32x4.add(a, v128.load(at))
    b = i32x4.add(b, v128.load(at, 16))
    c = i32x4.add(c, v128.load(at, 32))
    d = i32x4.add(d, v128.load(at, 48))
    e = i32x4.add(e, v128.load(at, 64))
    f = i32x4.add(f, v128.load(at, 80))
    g = i32x4.add(g, v128.load(at, 96))
    h = i32x4.add(h, v128.load(at, 112))
  }
  const abcd = i32x4.add(i32x4.add(a, b), i32x4.add(c, d))
  v128.store(sums, i32x4.add(abcd, i32x4.add(i32x4.add(e, f), i32x4.add(g, h))))
}
