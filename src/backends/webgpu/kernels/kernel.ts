// A kernel is WGSL text and the list of buffers it binds. Sizes that a checkpoint fixes (D, E, inner, ..) are constants in
// the text, so that loops over them can be unrolled; sizes of a pass come in `pass`, one uniform that all kernels of a pass
// share. Binding 0 is that uniform, then the inputs in the order of the signature, the output last.
// The header, WGSL:   struct Pass { S, K, P, causal, window }     rows of this pass, keys, patches, mask rule (window 0: none)
export interface Kernel {
  /** Its entry point, and its name in errors. */
  readonly name: string
  readonly code: string
  /** Storage buffers it binds, the output last. */
  readonly buffers: number
}

/** Threads of a workgroup, where a kernel does not choose otherwise. */
export const WORKGROUP = 64

/** How a kernel says how many rows a value has. */
export type Rows = number | 'S' | 'K' | 'P'

/** Bytes of the Pass uniform: five words, rounded up to whole vectors. */
export const PASS_BYTES = 32

/** @param buffers element type by name, the output last   @param body WGSL with the entry point `name` */
export function kernel(name: string, buffers: Readonly<Record<string, string>>, body: string, enable = ''): Kernel {
  const names = Object.keys(buffers)
  const bindings = names.map((each, i) => {
    const access = i === names.length - 1 ? 'read_write' : 'read'
    return `@group(0) @binding(${i + 1}) var<storage, ${access}> ${each}: array<${buffers[each]}>;`
  })
  const code = `${enable}
struct Pass { S: u32, K: u32, P: u32, causal: u32, window: u32 }
@group(0) @binding(0) var<uniform> params: Pass;
${bindings.join('\n')}
${body}`
  return { name, code, buffers: names.length }
}

/** The number of rows in WGSL. */
export function rowsIn(rows: Rows): string {
  return typeof rows === 'number' ? `${rows}u` : `params.${rows}`
}
