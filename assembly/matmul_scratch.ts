// matmul_scratch_bytes: thread-private scratch in bytes that is enough for every matmul.
import { matmul_exact_scratch_bytes } from './matmul_exact'
import { matmul_int_scratch_bytes } from './matmul_int'

export function matmul_scratch_bytes(): i32 {
  return max(matmul_exact_scratch_bytes(), matmul_int_scratch_bytes())
}
