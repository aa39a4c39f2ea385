// Everything the compiled module exports. Three builds come from here (asconfig.json): strict, relaxed (relaxed SIMD
// instructions where a file asks ASC_FEATURE_RELAXED_SIMD) and single (strict, for memory that is not shared).

/** The first byte of memory that no kernel uses for itself; constants of the kernels stand below. */
export function heap_base(): usize {
  return __heap_base
}

export { add } from './add'
export { add_bias } from './add_bias'
export { attention, attention_f16 } from './attention'
export { attention_scratch_bytes, attention_units } from './attention_tile'
export { attn_mix, attn_mix_f16 } from './attn_mix'
export { attn_weights, attn_weights_f16 } from './attn_weights'
export { check_packed } from './check_packed'
export { gather_bf16, gather_f16, gather_f32 } from './gather'
export { gather_q8 } from './gather_q8'
export { kv_page_bytes, kv_page_bytes_f16, kv_page_tokens } from './kv_page'
export { matmul_bf16 } from './matmul_bf16'
export { matmul_f32 } from './matmul_f32'
// The tiles are exported so that the compiler keeps them as functions of their own: V8 exchanges code between calls.
export { tile_q4, tile_q4_fused, tile_q8, tile_q8_fused } from './matmul_int_tile'
export { matmul_q4 } from './matmul_q4'
export { matmul_q4_fused, matmul_q4_int } from './matmul_q4_int'
export { matmul_q8 } from './matmul_q8'
export { matmul_q8_fused, matmul_q8_int } from './matmul_q8_int'
export { matmul_scratch_bytes } from './matmul_scratch'
export { matvec_bf16 } from './matvec_bf16'
export { matvec_f32 } from './matvec_f32'
export { matvec_q4, matvec_q8, matvec_scratch_bytes } from './matvec_group'
export { matvec_q4_int } from './matvec_q4_int'
export { matvec_q8_int } from './matvec_q8_int'
export { pack_bf16, panel_bytes_bf16 } from './pack_bf16'
export { pack_f32, panel_bytes_f32 } from './pack_f32'
export { pack_q4, panel_bytes_q4 } from './pack_q4'
export { pack_q8, panel_bytes_q8 } from './pack_q8'
export { quantize_rows_q4, quantize_rows_q8, quantized_row_bytes } from './quantize_rows'
export { rms_norm } from './rms_norm'
export { rope } from './rope'
export { scatter_add } from './scatter_add'
export {
  rope_to_cache,
  rope_to_cache_f16,
  store_k,
  store_k_f16,
  store_v,
  store_v_f16,
} from './store_kv'
export { swiglu } from './swiglu'
export { top_k } from './top_k'
