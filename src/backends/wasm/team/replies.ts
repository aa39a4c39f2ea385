// Who waits for which worker's answer. Workers answer in the order in which they were asked, so a queue for each is all.
// While somebody waits the workers hold the process; otherwise it may end by itself.
import { SailError } from '../../../errors.ts'
import type { WorkerHandle } from '../host.ts'
import type { FromWorker, ToWorker } from './messages.ts'

interface Waiting {
  resolve(message: FromWorker): void
  reject(error: SailError): void
}

type Reply<Kind extends FromWorker['kind']> = Extract<FromWorker, { readonly kind: Kind }>

export class Replies {
  readonly #workers: readonly WorkerHandle[]
  readonly #waiting: Waiting[][]
  #ended: SailError | null = null

  /** `onFailure` is called at the first death or failure of a worker. */
  constructor(workers: readonly WorkerHandle[], onFailure: (error: SailError) => void) {
    this.#workers = workers
    this.#waiting = workers.map(() => [])
    for (const [i, worker] of workers.entries()) {
      worker.hold(false)
      worker.onMessage((message) => {
        if (message.kind === 'failed') onFailure(failed(i, message))
        else this.#answer(i, message)
      })
      worker.onDeath((reason) => {
        if (this.#ended === null) onFailure(died(i, reason))
      })
    }
  }

  /** Asks worker 0. */
  async first<Kind extends FromWorker['kind']>(message: ToWorker): Promise<Reply<Kind>> {
    return (await this.#ask(0, message)) as Reply<Kind>
  }

  /** Asks every worker. */
  all(message: (index: number) => ToWorker): Promise<FromWorker[]> {
    return Promise.all(this.#workers.map((_, i) => this.#ask(i, message(i))))
  }

  /** Refuses everything that waits and that will come. */
  end(error: SailError): void {
    this.#ended ??= error
    for (const queue of this.#waiting) for (const { reject } of queue.splice(0)) reject(this.#ended)
  }

  #ask(index: number, message: ToWorker): Promise<FromWorker> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    const worker = this.#workers[index]
    return new Promise((resolve, reject) => {
      this.#waiting[index].push({ resolve, reject })
      worker.hold(true)
      worker.post(message)
    })
  }

  #answer(index: number, message: FromWorker): void {
    this.#waiting[index].shift()?.resolve(message)
    if (this.#waiting[index].length === 0) this.#workers[index].hold(false)
  }
}

function died(index: number, found: string): SailError {
  return new SailError('E_WORKER_DIED', {
    file: `worker ${index}`,
    expected: 'a worker that lives as long as the model',
    found,
    hint: 'load the model again',
  })
}

function failed(index: number, { message, code }: Reply<'failed'>): SailError {
  return new SailError(code === 'E_MEMORY' ? 'E_MEMORY' : 'E_WORKER_FAILED', {
    file: `worker ${index}`,
    expected: 'a pass without a fault',
    found: message,
    hint: 'load the model again',
  })
}
