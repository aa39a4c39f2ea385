// matmul_scratch_bytes: thread-private scratch in bytes that is enough for every matmul and matvec.
import { matmul_exact_scratch_bytes } from './matmul_exact'
import { matmul_int_scratch_bytes } from './matmul_int'
import { matvec_scratch_bytes } from './matvec_group'

export function matmul_scratch_bytes(): i32 {
  return max(matvec_scratch_bytes(), max(matmul_exact_scratch_bytes(), matmul_int_scratch_bytes()))
}
