// An ONNX file of one matrix product with random weights, written as protobuf by hand: a field is its number and kind, then
// a varint, or a length and bytes. Formats by ONNX's own operators: MatMul in f32, MatMulNBits (com.microsoft) in blocks of
// 32 with one f32 scale each and activations rounded to int8 (accuracy_level 4), in 4 or 8 bits.
// Source: onnx.proto3; onnxruntime's ContribOperators.md.

const [FLOAT, UINT8] = [1, 2]
const BLOCK = 32

export type OnnxKind = 'f32' | 'q8' | 'q4'

export interface OnnxModel {
  readonly bytes: Uint8Array
  /** The sum of the weights of the first output. */
  readonly first: number
}

/** x (rows, inner) to y (rows, cols); rows are free. */
export function onnxModel(kind: OnnxKind, inner: number, cols: number): OnnxModel {
  const nodes = kind === 'f32' ? matMul(inner, cols) : matMulNBits(kind === 'q4' ? 4 : 8, inner, cols)
  const graph = message(
    field(1, nodes.node),
    field(2, text('one matrix')),
    ...nodes.weights.map((tensor) => field(5, tensor)),
    field(11, value('x', inner)),
    field(12, value('y', cols)),
  )
  const opset = (domain: string, version: number): Uint8Array => message(field(1, text(domain)), field(2, version))
  const opsets = [opset('', 21), opset('com.microsoft', 1)].map((each) => field(8, each))
  return { bytes: message(field(1, 10), field(7, graph), ...opsets), first: nodes.first }
}

interface Nodes {
  readonly node: Uint8Array
  readonly weights: readonly Uint8Array[]
  readonly first: number
}

function matMul(inner: number, cols: number): Nodes {
  const data = Float32Array.from({ length: inner * cols }, (_, i) => weight(i))
  const w = tensor('w', FLOAT, [inner, cols], bytesOf(data))
  const first = data.reduce((sum, each, i) => (i % cols === 0 ? sum + each : sum), 0)
  return { node: node('MatMul', '', ['x', 'w']), weights: [w], first }
}

function matMulNBits(bits: number, inner: number, cols: number): Nodes {
  const [blocks, width] = [inner / BLOCK, (BLOCK * bits) / 8]
  const data = Uint8Array.from({ length: cols * blocks * width }, (_, i) => (weight(i) + 0.5) * 256)
  const scale = 1 / 2 ** bits
  const scales = new Float32Array(cols * blocks).fill(scale)
  const weights = [
    tensor('w', UINT8, [cols, blocks, width], data),
    tensor('scales', FLOAT, [cols, blocks], bytesOf(scales)),
  ]
  const attributes = { K: inner, N: cols, bits, block_size: BLOCK, accuracy_level: 4 }
  const levels = (byte: number): number => (bits === 4 ? (byte & 15) - 8 + ((byte >> 4) - 8) : byte - 128)
  const first = data.subarray(0, blocks * width).reduce((sum, byte) => sum + levels(byte) * scale, 0)
  return { node: node('MatMulNBits', 'com.microsoft', ['x', 'w', 'scales'], attributes), weights, first }
}

/** In -0.5 .. 0.5. */
function weight(i: number): number {
  return (Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 24 - 0.5
}

const bytesOf = ({ buffer }: Float32Array): Uint8Array => new Uint8Array(buffer)

function node(
  op: string,
  domain: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, number>> = {},
): Uint8Array {
  const INT = 2
  const listed = Object.entries(attributes).map(([name, i]) =>
    message(field(1, text(name)), field(3, i), field(20, INT)),
  )
  return message(
    ...inputs.map((name) => field(1, text(name))),
    field(2, text('y')),
    field(4, text(op)),
    ...listed.map((each) => field(5, each)),
    field(7, text(domain)),
  )
}

function tensor(name: string, type: number, dims: readonly number[], data: Uint8Array): Uint8Array {
  return message(...dims.map((dim) => field(1, dim)), field(2, type), field(8, text(name)), field(9, data))
}

/** The type of an input or output: f32, any number of rows. */
function value(name: string, width: number): Uint8Array {
  const shape = message(field(1, message(field(2, text('rows')))), field(1, message(field(1, width))))
  const type = message(field(1, message(field(1, FLOAT), field(2, shape))))
  return message(field(1, text(name)), field(2, type))
}

function field(number: number, content: number | Uint8Array): Uint8Array {
  const [VARINT, BYTES] = [0, 2]
  if (typeof content === 'number') return message(varint(number * 8 + VARINT), varint(content))
  return message(varint(number * 8 + BYTES), varint(content.length), content)
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Uint8Array.from([...bytes, left])
    bytes.push((left % 128) + 128)
  }
}

const message = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
