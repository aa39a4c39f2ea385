// Where bytes go. Writing is by position, so that parts can be written in the order in which they are made. Nothing is
// seen under the final name before `close`: whoever writes to a sink either closes it or aborts it.

export interface ByteSink {
  /** File name, for errors. */
  readonly name: string
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Makes the written file appear, complete. */
  close(): Promise<void>
  /** Removes everything that was written. Never throws; does nothing after `close`. */
  abort(): Promise<void>
}

/** A sink in memory. `bytes()` is what was written, once it is closed; gaps are zeros. */
export function memorySink(name = 'memory'): ByteSink & { bytes(): Uint8Array | null } {
  let parts: { bytes: Uint8Array; position: number }[] = []
  let whole: Uint8Array | null = null
  return {
    name,
    async write(bytes, position) {
      parts.push({ bytes: bytes.slice(), position })
    },
    async close() {
      whole = new Uint8Array(parts.reduce((end, part) => Math.max(end, part.position + part.bytes.length), 0))
      for (const { bytes, position } of parts) whole.set(bytes, position)
      parts = []
    },
    async abort() {
      parts = []
    },
    bytes: () => whole,
  }
}
