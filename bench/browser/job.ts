// What a page of the benches is asked for, and what it answers.
import type { PassTimes } from '../passes.ts'

export interface BrowserJob {
  readonly program: 'ours' | 'wllama2' | 'wllama3'
  /** URL of the checkpoint's folder, or of the GGUF file. */
  readonly model: string
  /** Of the prefix pass. */
  readonly tokens: number
  readonly steps: number
  readonly runs: number
  readonly kernels?: 'strict' | 'relaxed'
  /** URL of the peer's package. */
  readonly peer?: string
}

export interface BrowserTimes extends PassTimes {
  readonly info: string
  /** Seconds. */
  readonly load: number
}

declare global {
  var bench: (job: BrowserJob) => Promise<BrowserTimes>
}
