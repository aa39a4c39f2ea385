// Weights as the kernels read them: panels of 8 columns, the bytes of src/weights/formats/packed.ts, 16 at a time. `unpack`
// writes the WGSL that widens one step, four values of `inner` in all 8 columns, into l0 h0 .. l3 h3: l<j> holds columns
// 0 .. 3 at inner 4 * step + j, h<j> columns 4 .. 7. Every stored weight is exact in f32, so nothing is rounded here.
//   f32    two vectors a value of inner                         bf16   one: c0 c4 | c1 c5 | ..: a shift gives c0 .. c3, a mask c4 .. c7
//   q8     a group of 32 is 17 vectors: step s has vectors 2s (columns 0 .. 3, a word each, 4 values in its bytes) and 2s + 1
//   q4     9 vectors: step s has vector s, columns 0 .. 3 in the low nibbles of its words, 4 .. 7 in the high ones; q + 8
//   the last vector of a group holds 8 scales in bf16, in the order of bf16 panels
// The last step of an f32 or bf16 panel may read into the next panel: finite weights that meet an x of 0.
import type { PackedFormat } from '../../../weights/formats/packed.ts'

const four = [0, 1, 2, 3]

const scaled = (sign: (j: number, half: 'l' | 'h') => string): string =>
  four
    .map((j) => `let l${j} = vec4<f32>(${sign(j, 'l')}) * low; let h${j} = vec4<f32>(${sign(j, 'h')}) * high;`)
    .join('\n')

const scales = (at: string): string => /* wgsl */ `
let scales = w[${at}];
let low = bitcast<vec4<f32>>(scales << vec4<u32>(16u));
let high = bitcast<vec4<f32>>(scales & vec4<u32>(0xffff0000u));`

/** WGSL statements; `panel` and `step` are u32 names there, `inner` too, `w` the array of vec4<u32>. */
export function unpack(format: PackedFormat): string {
  const group = '(panel * ((inner + 31u) / 32u) + step / 8u)'
  switch (format) {
    case 'f32': {
      const pair = (j: number): string =>
        `let l${j} = bitcast<vec4<f32>>(w[at + ${2 * j}u]); let h${j} = bitcast<vec4<f32>>(w[at + ${2 * j + 1}u]);`
      return `let at = (panel * inner + 4u * step) * 2u; ${four.map(pair).join('\n')}`
    }
    case 'bf16': {
      const pair = (j: number): string => `let l${j} = bitcast<vec4<f32>>(w[at + ${j}u] << vec4<u32>(16u));
let h${j} = bitcast<vec4<f32>>(w[at + ${j}u] & vec4<u32>(0xffff0000u));`
      return `let at = panel * inner + 4u * step; ${four.map(pair).join('\n')}`
    }
    case 'q8': {
      const byte = (j: number, half: 'l' | 'h'): string =>
        `bitcast<vec4<i32>>(${half === 'l' ? 'first' : 'second'} << vec4<u32>(${24 - 8 * j}u)) >> vec4<u32>(24u)`
      return `let base = ${group} * 17u; let at = base + step % 8u * 2u;
let first = w[at]; let second = w[at + 1u];${scales('base + 16u')}
${scaled(byte)}`
    }
    case 'q4': {
      const nibble = (j: number, half: 'l' | 'h'): string =>
        `vec4<i32>((both >> vec4<u32>(${8 * j + (half === 'h' ? 4 : 0)}u)) & vec4<u32>(15u)) - vec4<i32>(8)`
      return `let base = ${group} * 9u; let both = w[base + step % 8u];${scales('base + 8u')}
${scaled(nibble)}`
    }
  }
}

/** fn load_x(row, step, inner) -> vec4<f32>: four values of a row of x, zeros behind its end. */
export function loadX(whole: boolean): string {
  const one = (j: number): string => `select(0.0, f32(x[n + ${j}u]), i + ${j}u < inner)`
  const body = whole
    ? 'return vec4<f32>(x[row * (inner / 4u) + step]);'
    : `let i = 4u * step; let n = row * inner + i; return vec4<f32>(${four.map(one).join(', ')});`
  return `fn load_x(row: u32, step: u32, inner: u32) -> vec4<f32> { ${body} }`
}
