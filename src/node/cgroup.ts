// What a container may use (Linux). null: no limit, or none that can be read.
import { readFile } from 'node:fs/promises'

/** Cores worth of CPU time, quota / period, from the files of cgroup v2 or v1 below `root`. */
export async function cpuQuota(root = '/sys/fs/cgroup'): Promise<number | null> {
  const v2 = await words(`${root}/cpu.max`)
  if (v2 !== null) return ratio(v2[0], v2[1])
  const quota = await words(`${root}/cpu/cpu.cfs_quota_us`)
  const period = await words(`${root}/cpu/cpu.cfs_period_us`)
  return quota === null || period === null ? null : ratio(quota[0], period[0])
}

/** Bytes. Where there is no limit some systems report none and others a number beyond any machine. */
export function memoryLimit(): number | null {
  const bytes = process.constrainedMemory()
  return bytes > 0 && bytes < 2 ** 60 ? bytes : null
}

async function words(file: string): Promise<string[] | null> {
  try {
    return (await readFile(file, 'utf8')).trim().split(/\s+/)
  } catch {
    return null
  }
}

function ratio(quota: string | undefined, period: string | undefined): number | null {
  const cores = Number(quota) / Number(period)
  return cores > 0 ? cores : null
}
