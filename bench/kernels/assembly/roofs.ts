// The roofs of this machine in WebAssembly: what the vector units and the memory give when nothing else limits them.
// Each compute roof runs independent chains `steps` times; the operands come from 256 bytes of memory at `at`, because V8
// rebuilds a constant vector at every use; the sums are written after them. The dots read one operand anew in each step,
// else V8 multiplies once, before the loop; they keep 8 chains, so that nothing spills. Operations per step:
//   madd_roof           12 * 8    f32 multiply and add, one instruction in the relaxed build, two in the strict build
//   dot_i16x8_roof      8 * 16    i32x4.dot_i16x8_s + add
//   relaxed only: dot_i32_roof  8 * 32   i32x4.relaxed_dot_i8x16_i7x16_add_s
//                 dot_i16_roof  8 * 32   i16x8.relaxed_dot_i8x16_i7x16_s + i16x8.add
//   read_roof           adds up memory in four streams of 128-bit loads: one stream alone is up to 15 % slower
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
  v128.store(at, a, 256)
  v128.store(at, b, 272)
  v128.store(at, c, 288)
  v128.store(at, d, 304)
  v128.store(at, e, 320)
  v128.store(at, f, 336)
  v128.store(at, g, 352)
  v128.store(at, h, 368)
  v128.store(at, i, 384)
  v128.store(at, j, 400)
  v128.store(at, k, 416)
  v128.store(at, l, 432)
}

/** 8 * 16 operations a step. */
export function dot_i16x8_roof(at: usize, steps: i32): void {
  const x = v128.load(at)
  const y = v128.load(at, 16)
  let a = i32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  for (let s = 0; s < steps; s++) {
    const from = at + ((<usize>(s & 7)) << 4)
    let w = v128.load(from)
    a = i32x4.add(a, i32x4.dot_i16x8_s(w, x))
    b = i32x4.add(b, i32x4.dot_i16x8_s(w, y))
    w = v128.load(from, 16)
    c = i32x4.add(c, i32x4.dot_i16x8_s(w, x))
    d = i32x4.add(d, i32x4.dot_i16x8_s(w, y))
    w = v128.load(from, 32)
    e = i32x4.add(e, i32x4.dot_i16x8_s(w, x))
    f = i32x4.add(f, i32x4.dot_i16x8_s(w, y))
    w = v128.load(from, 48)
    g = i32x4.add(g, i32x4.dot_i16x8_s(w, x))
    h = i32x4.add(h, i32x4.dot_i16x8_s(w, y))
  }
  v128.store(at, a, 256)
  v128.store(at, b, 272)
  v128.store(at, c, 288)
  v128.store(at, d, 304)
  v128.store(at, e, 320)
  v128.store(at, f, 336)
  v128.store(at, g, 352)
  v128.store(at, h, 368)
}

/** 8 * 32 operations a step; the strict build has no such instruction and does nothing. */
export function dot_i32_roof(at: usize, steps: i32): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return
  const x = v128.load(at)
  const y = v128.load(at, 16)
  let a = i32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  for (let s = 0; s < steps; s++) {
    const from = at + ((<usize>(s & 7)) << 4)
    let w = v128.load(from)
    a = i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, a)
    b = i32x4.relaxed_dot_i8x16_i7x16_add_s(w, y, b)
    w = v128.load(from, 16)
    c = i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, c)
    d = i32x4.relaxed_dot_i8x16_i7x16_add_s(w, y, d)
    w = v128.load(from, 32)
    e = i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, e)
    f = i32x4.relaxed_dot_i8x16_i7x16_add_s(w, y, f)
    w = v128.load(from, 48)
    g = i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, g)
    h = i32x4.relaxed_dot_i8x16_i7x16_add_s(w, y, h)
  }
  v128.store(at, a, 256)
  v128.store(at, b, 272)
  v128.store(at, c, 288)
  v128.store(at, d, 304)
  v128.store(at, e, 320)
  v128.store(at, f, 336)
  v128.store(at, g, 352)
  v128.store(at, h, 368)
}

/** 8 * 32 operations a step; the strict build has no such instruction and does nothing. */
export function dot_i16_roof(at: usize, steps: i32): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return
  const x = v128.load(at)
  const y = v128.load(at, 16)
  let a = i32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  for (let s = 0; s < steps; s++) {
    const from = at + ((<usize>(s & 7)) << 4)
    let w = v128.load(from)
    a = i16x8.add(a, i16x8.relaxed_dot_i8x16_i7x16_s(w, x))
    b = i16x8.add(b, i16x8.relaxed_dot_i8x16_i7x16_s(w, y))
    w = v128.load(from, 16)
    c = i16x8.add(c, i16x8.relaxed_dot_i8x16_i7x16_s(w, x))
    d = i16x8.add(d, i16x8.relaxed_dot_i8x16_i7x16_s(w, y))
    w = v128.load(from, 32)
    e = i16x8.add(e, i16x8.relaxed_dot_i8x16_i7x16_s(w, x))
    f = i16x8.add(f, i16x8.relaxed_dot_i8x16_i7x16_s(w, y))
    w = v128.load(from, 48)
    g = i16x8.add(g, i16x8.relaxed_dot_i8x16_i7x16_s(w, x))
    h = i16x8.add(h, i16x8.relaxed_dot_i8x16_i7x16_s(w, y))
  }
  v128.store(at, a, 256)
  v128.store(at, b, 272)
  v128.store(at, c, 288)
  v128.store(at, d, 304)
  v128.store(at, e, 320)
  v128.store(at, f, 336)
  v128.store(at, g, 352)
  v128.store(at, h, 368)
}

/** Adds up `bytes`, a multiple of 256, from `at`, in four streams side by side; writes 16 bytes to `sums`. */
export function read_roof(at: usize, bytes: usize, sums: usize): void {
  let a = i32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  const quarter = bytes >> 2
  let q = at + quarter
  let r = q + quarter
  let s = r + quarter
  for (const end = at + quarter; at < end; at += 64, q += 64, r += 64, s += 64) {
    a = i32x4.add(i32x4.add(a, v128.load(at)), v128.load(at, 16))
    b = i32x4.add(i32x4.add(b, v128.load(at, 32)), v128.load(at, 48))
    c = i32x4.add(i32x4.add(c, v128.load(q)), v128.load(q, 16))
    d = i32x4.add(i32x4.add(d, v128.load(q, 32)), v128.load(q, 48))
    e = i32x4.add(i32x4.add(e, v128.load(r)), v128.load(r, 16))
    f = i32x4.add(i32x4.add(f, v128.load(r, 32)), v128.load(r, 48))
    g = i32x4.add(i32x4.add(g, v128.load(s)), v128.load(s, 16))
    h = i32x4.add(i32x4.add(h, v128.load(s, 32)), v128.load(s, 48))
  }
  const abcd = i32x4.add(i32x4.add(a, b), i32x4.add(c, d))
  v128.store(sums, i32x4.add(abcd, i32x4.add(i32x4.add(e, f), i32x4.add(g, h))))
}

/** Writes to `bytes` from `at`: memory that was never written to may be one empty page many times over. */
export function fill_roof(at: usize, bytes: usize, _sums: usize): void {
  memory.fill(at, 1, bytes)
}
