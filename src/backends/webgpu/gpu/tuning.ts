// Kernel parameters by what the adapter can do: the one place where they are chosen.
//   bindingBytes    most bytes of one buffer; larger matrices lie in several
//   matvecThreads   threads that share one panel of 8 columns: more hide more of the memory's latency, up to what is allowed
//   tile            rows of a matmul tile, and how many of them a thread holds: 64 by 4 need 128 threads and 16 KiB of shared
//                   memory, which every adapter has that keeps to the standard's defaults; a compatibility adapter gets 32.
//                   A software adapter takes seconds to compile a thread with 64 sums, so it gets small tiles,
//                   and few threads to clear shared memory for
//   attentionRows   queries that share a tile of keys
//   flops           work of one submission: a system may end what keeps its GPU busy for seconds
import type { Tile } from '../kernels/matmul.ts'

export interface Tuning {
  readonly bindingBytes: number
  readonly matvecThreads: number
  readonly tile: Tile
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

export function tune(limits: Limits, features: ReadonlySet<string>, software: boolean): Tuning {
  const { maxComputeInvocationsPerWorkgroup: threads, maxComputeWorkgroupStorageSize: shared } = limits
  const bindingBytes = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize)
  return {
    bindingBytes: bindingBytes - (bindingBytes % 256),
    matvecThreads: software ? 16 : 64,
    tile: software
      ? { rows: 16, own: 2, steps: 2 }
      : { rows: threads >= 128 && shared >= 16384 ? 64 : 32, own: 4, steps: 8 },
    attentionRows: 8,
    subgroups: features.has('subgroups'),
    flops: 2e11,
  }
}
