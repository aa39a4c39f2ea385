// expand_block: where the f32 weights of panel p, values [i, i + depth) of inner, are: in the panel itself when it is f32,
// else widened into `to`, i=0 | c0 .. c7 |  i=1 | c0 .. c7 | .. Every stored weight is exact in f32 (src/weights/formats/packed.ts).
import { F32 } from './formats'

export function expand_block(format: i32, to: usize, w: usize, p: i32, inner: i32, i: i32, depth: i32): usize {
  if (format == F32) return w + ((<usize>p * <usize>inner + <usize>i) << 5)
  return to
}
