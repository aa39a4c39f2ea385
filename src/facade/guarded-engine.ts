// An engine that runs one pass at a time and can be closed while one runs: that pass is aborted, those that wait are
// refused, and only then the memory goes. Backends need not think of either.
import type { Engine, EngineInfo, KvCache, Pass } from '../backends/backend.ts'
import { SailError } from '../errors.ts'
import type { F32Tensor } from '../tensor.ts'
import { linkSignals, unlessAborted } from './link-signals.ts'
import { Queue } from './queue.ts'

export class GuardedEngine implements Engine {
  readonly #engine: Engine
  readonly #queue = new Queue()
  readonly #closing = new AbortController()
  #closed: Promise<void> | null = null

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get info(): EngineInfo {
    return this.#engine.info
  }

  createCache(): KvCache {
    this.checkOpen()
    return this.#engine.createCache()
  }

  async run(pass: Pass): Promise<Map<string, F32Tensor>> {
    this.checkOpen()
    const release = await this.#queue.acquire(pass.signal)
    const link = linkSignals(pass.signal, this.#closing.signal)
    try {
      this.checkOpen()
      const { onOutput } = pass
      // Whoever takes the outputs may be idle: an abort must not wait for them.
      const taken: Pass['onOutput'] = onOutput && ((name, tensor) => unlessAborted(onOutput(name, tensor), link.signal))
      return await this.#engine.run({ ...pass, ...(taken && { onOutput: taken }), signal: link.signal })
    } finally {
      link.unlink()
      release()
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** @throws SailError E_CLOSED */
  checkOpen(): void {
    this.#closing.signal.throwIfAborted()
  }

  async #close(): Promise<void> {
    const hint = 'load it again'
    this.#closing.abort(
      new SailError('E_CLOSED', { file: 'Sail', expected: 'an open model', found: 'a closed one', hint }),
    )
    const release = await this.#queue.acquire()
    release()
    await this.#engine.close()
  }
}
