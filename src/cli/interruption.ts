// What stops a run from outside: SIGINT, SIGTERM, a reader that left (EPIPE), a full disk behind stdout.
// The first one aborts the signal that every command passes on; the command cleans up and ends. A signal is then raised
// again with its default action, so that the caller sees 130 or 143. A second signal ends the process at once, because
// the first one takes the handlers away.
import { SailError } from '../errors.ts'
import { quietEnd } from './quiet-end.ts'

/** The reason of an abort that is no fault: a signal, or a reader that left. */
export class Interruption extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM' | null

  constructor(signal: 'SIGINT' | 'SIGTERM' | null) {
    super(signal ?? 'the reader of the output left')
    this.name = 'AbortError'
    this.signal = signal
  }
}

const signals = ['SIGINT', 'SIGTERM'] as const

/** Starts listening. `finish` ends it, and raises the signal again when there was one. */
export function interruption(): { readonly signal: AbortSignal; finish(): Promise<void> } {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    for (const each of signals) process.off(each, onSignal)
    controller.abort(new Interruption(name as 'SIGINT' | 'SIGTERM'))
  }
  for (const each of signals) process.on(each, onSignal)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    controller.abort(error.code === 'EPIPE' ? new Interruption(null) : unwritable(error))
  })
  process.stderr.on('error', () => {}) // nobody reads the notes: not a reason to stop
  return {
    signal: controller.signal,
    async finish() {
      for (const each of signals) process.off(each, onSignal)
      const { reason } = controller.signal
      if (reason instanceof Interruption && reason.signal !== null) process.kill(process.pid, reason.signal)
      if (reason instanceof Interruption) process.exitCode = 0
      await quietEnd()
    },
  }
}

function unwritable(cause: NodeJS.ErrnoException): SailError {
  return new SailError('E_OUTPUT_WRITE', { file: 'stdout', found: cause.message, cause })
}
