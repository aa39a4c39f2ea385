// Writing the result. Waits until the reader has room, so that a slow reader slows the program and not its memory; when
// the reader leaves, the run is aborted by its interruption, so a failed write only ends the wait.
import { toJson } from './json.ts'

/** Writes to stdout and resolves when there is room for more. */
export function write(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.destroyed || process.stdout.errored !== null) return resolve()
    // After a failure: not before the stream has said so, since the interruption listens there.
    process.stdout.write(data, (error) => (error == null ? resolve() : setImmediate(resolve)))
  })
}

/** One JSON document on a line of its own. */
export function writeJson(value: unknown): Promise<void> {
  return write(`${toJson(value)}\n`)
}
