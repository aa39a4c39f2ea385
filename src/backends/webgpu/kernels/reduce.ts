// Sums and maxima over the threads of a workgroup, as WGSL functions on a shared array. A tree: thread t takes in thread
// t + half, half = n/2, n/4 .. 1, so the order of the additions is fixed and the error small.
// Every thread of the workgroup must call them. After the last barrier all have the result.

/** fn <name>(value, t) -> T over `threads` (a power of 2) values. */
export function reduceOver(threads: number, kind: 'sum' | 'max', type = 'f32'): string {
  const join = (a: string, b: string): string => (kind === 'sum' ? `${a} + ${b}` : `max(${a}, ${b})`)
  const store = `lanes_${kind}`
  return /* wgsl */ `
var<workgroup> ${store}: array<${type}, ${threads}>;
fn reduce_${kind}(value: ${type}, t: u32) -> ${type} {
  ${store}[t] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (t < half) { ${store}[t] = ${join(`${store}[t]`, `${store}[t + half]`)}; }
    workgroupBarrier();
  }
  let result = ${store}[0];
  workgroupBarrier();
  return result;
}`
}
