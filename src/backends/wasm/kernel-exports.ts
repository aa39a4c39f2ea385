// The exports of the compiled kernels (assembly/) as TypeScript sees them. Pointers and sizes are i32: offsets beyond
// 2 GiB wrap, which is what the module expects. What each kernel computes stands at the top of its file there.
type Kernel = (...args: number[]) => undefined
type Query = (...args: number[]) => number
type Format = 'f32' | 'bf16' | 'q8' | 'q4'
type Table = 'f32' | 'bf16' | 'q8'
type Small = 'q8' | 'q4'
type Half = '' | '_f16'

export type KernelExports = Readonly<
  Record<`matmul_${Format}` | `matvec_${Format}`, Kernel> &
    Record<`matmul_${Small}_${'int' | 'fused'}` | `matvec_${Small}_int` | `quantize_rows_${Small}`, Kernel> &
    Record<`pack_${Format}` | `panel_bytes_${Format}` | 'check_packed', Query> &
    Record<`gather_${Table}`, Kernel> &
    Record<`${'rope_to_cache' | 'store_k' | 'store_v'}${Half}`, Kernel> &
    Record<`${'attention' | 'attn_weights' | 'attn_mix'}${Half}`, Kernel> &
    Record<`kv_page_bytes${Half}`, Query> &
    Record<'rms_norm' | 'rope' | 'swiglu' | 'add' | 'add_bias' | 'scatter_add' | 'top_k', Kernel> &
    Record<'heap_base' | 'kv_page_tokens' | 'matmul_scratch_bytes' | 'quantized_row_bytes', Query> &
    Record<'attention_scratch_bytes' | 'attention_units', Query>
>

/** The module on a memory of its own or of a team. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  const env = { memory, abort: trap }
  return new WebAssembly.Instance(module, { env }).exports as KernelExports
}

function trap(): never {
  throw new WebAssembly.RuntimeError('a kernel gave up')
}
