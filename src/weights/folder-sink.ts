// A folder to be written: its files appear together, under the final name, when it is closed, or not at all.
import type { ByteSink } from './byte-sink.ts'

export interface FolderSink {
  /** Path, for errors. */
  readonly name: string
  file(name: string): Promise<ByteSink>
  close(): Promise<void>
  /** Removes everything that was written. Never throws; does nothing after `close`. */
  abort(): Promise<void>
}
