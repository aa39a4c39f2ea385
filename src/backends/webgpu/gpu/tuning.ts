// Kernel parameters by what the adapter can do: the one place where they are chosen.
//   bindingBytes    most bytes of one buffer; larger matrices lie in several
//   matvecThreads   threads that share one panel of 8 columns: more hide more of the memory's latency, up to what is allowed
//   tileRows        rows of a matmul tile: 64 need 128 threads and 16 KiB of shared memory, which every adapter has that
//                   keeps to the standard's defaults; a compatibility adapter gets 32
//   attentionRows   queries that share a tile of keys
//   flops           work of one submission: a system may end what keeps its GPU busy for seconds
export interface Tuning {
  readonly bindingBytes: number
  readonly matvecThreads: number
  readonly tileRows: 32 | 64
  readonly attentionRows: number
  readonly subgroups: boolean
  readonly flops: number
}

type Limits = Pick<
  GPUSupportedLimits,
  | 'maxBufferSize'
  | 'maxStorageBufferBindingSize'
  | 'maxComputeWorkgroupStorageSize'
  | 'maxComputeInvocationsPerWorkgroup'
>

export function tune(limits: Limits, features: ReadonlySet<string>): Tuning {
  const { maxComputeInvocationsPerWorkgroup: threads, maxComputeWorkgroupStorageSize: shared } = limits
  const bindingBytes = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize)
  return {
    bindingBytes: bindingBytes - (bindingBytes % 256),
    matvecThreads: 64,
    tileRows: threads >= 128 && shared >= 16384 ? 64 : 32,
    attentionRows: 8,
    subgroups: features.has('subgroups'),
    flops: 2e11,
  }
}
