// A kernel is WGSL text and the list of buffers it binds. Sizes that a checkpoint fixes (D, E, inner, ..) are constants in
// the text, so that loops over them can be unrolled; sizes of a pass come in `pass`, one uniform that all kernels of a pass
// share. Binding 0 is that uniform, then the inputs in the order of the signature, the output last.
// The header, WGSL:   struct Pass { S, K, P, causal, window }     rows of this pass, keys, patches, mask rule (window 0: none)
// Values may be stored in f16, which needs the feature shader-f16; kernels compute in f32 all the same. One that writes
// halves is guarded (guard.ts): behind its output it binds the number of its step and the flag of the pass.
export interface Kernel {
  /** Its entry point, and its name in errors. */
  readonly name: string
  readonly code: string
  /** Storage buffers it binds, the output last; without those of the guard. */
  readonly buffers: number
  /** Whether it reports what f16 cannot hold. */
  readonly guarded: boolean
}

/** How values are stored; all sums are f32. */
export type Float = 'f32' | 'f16'

/** Threads of a workgroup, where a kernel does not choose otherwise. */
export const WORKGROUP = 64

/** How a kernel says how many rows a value has. */
export type Rows = number | 'S' | 'K' | 'P'

/** Bytes of the Pass uniform: five words, rounded up to whole vectors. */
export const PASS_BYTES = 32

/** The largest f16, as the bits of an f32: NaN and Infinity, whose bits are larger, count as beyond it. */
const LARGEST = '0x477fe000u'

const guard = (at: number): string => /* wgsl */ `
@group(0) @binding(${at}) var<storage, read> guard_number: u32;
@group(0) @binding(${at + 1}) var<storage, read_write> guard_first: atomic<u32>;
fn guard(x: f32) {
  if ((bitcast<u32>(x) & 0x7fffffffu) > ${LARGEST}) { atomicMin(&guard_first, guard_number); }
}`

/** fn stored(x: f32) -> T: a value as the output holds it. */
export function storedAs(type: Float): string {
  const guarded = type === 'f16' ? 'guard(x); ' : ''
  return `fn stored(x: f32) -> ${type} { ${guarded}return ${type}(x); }`
}

/**
 * @param buffers element type by name, the output last   @param body WGSL with the entry point `name`
 * @param guarded whether it reports what f16 cannot hold, although its output is not of that type
 */
export function kernel(
  name: string,
  buffers: Readonly<Record<string, string>>,
  body: string,
  { enable = '', guarded = false }: { readonly enable?: string; readonly guarded?: boolean } = {},
): Kernel {
  const names = Object.keys(buffers)
  const types = Object.values(buffers)
  const isGuarded = guarded || types[types.length - 1] === 'f16'
  const halves = types.some((type) => type.includes('f16')) ? 'enable f16;' : ''
  const bindings = names.map((each, i) => {
    const access = i === names.length - 1 ? 'read_write' : 'read'
    return `@group(0) @binding(${i + 1}) var<storage, ${access}> ${each}: array<${buffers[each]}>;`
  })
  const code = `${halves}${enable}
struct Pass { S: u32, K: u32, P: u32, causal: u32, window: u32 }
@group(0) @binding(0) var<uniform> params: Pass;
${bindings.join('\n')}
${isGuarded ? guard(names.length + 1) : ''}
${body}`
  return { name, code, buffers: names.length, guarded: isGuarded }
}

/** The number of rows in WGSL. */
export function rowsIn(rows: Rows): string {
  return typeof rows === 'number' ? `${rows}u` : `params.${rows}`
}
