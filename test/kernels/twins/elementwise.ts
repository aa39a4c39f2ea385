// Twins of swiglu, add, add_bias and scatter_add: one element at a time, f32.
import { exp } from './exp.ts'

const { fround } = Math

export const swiglu = (gate: Float32Array, up: Float32Array): Float32Array =>
  gate.map((z, i) => fround(z / fround(1 + exp(-z))) * up[i])

export const add = (a: Float32Array, b: Float32Array): Float32Array => a.map((x, i) => x + b[i])

/** out (rows, ldo), of which the first `bias.length` columns count. */
export const addBias = (out: Float32Array, bias: Float32Array, ldo: number): Float32Array =>
  out.map((x, i) => (i % ldo < bias.length ? x + bias[i % ldo] : x))

export const scatterAdd = (out: Float32Array, rows: Float32Array, patchIndices: Int32Array): Float32Array => {
  const D = out.length / patchIndices.length
  const patch = (i: number) => patchIndices[Math.floor(i / D)]
  return out.map((x, i) => (patch(i) === -1 ? x : x + rows[patch(i) * D + (i % D)]))
}
