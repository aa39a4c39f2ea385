// Which keys a query sees, in WGSL: the twin of src/config/mask-rule.ts. Masks are bounds of loops, never infinities.
export const visibleKeys = /* wgsl */ `
fn keys_end(s: u32) -> u32 { return select(params.K, params.K - params.S + s + 1u, params.causal == 1u); }
fn keys_begin(s: u32) -> u32 {
  let end = keys_end(s);
  return select(0u, end - params.window, params.window > 0u && end > params.window);
}`
