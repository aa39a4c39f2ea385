/// <reference lib="esnext.disposable" preserve="true" />
// The library: load a checkpoint, ask it, stream, take features, trace every stage. Image and prompt become a `Prepared`
// (src/facade/prepare.ts), its passes a `Run` on the engine (src/generate/run.ts); everything else is made of these two.
// Calls on one instance take turns, in the order in which they were made: a stream holds its turn until it ends or its
// consumer leaves the loop, so another call inside that loop would wait for itself.
import type {
  Answer,
  Features,
  GenerateOptions,
  ImageInput,
  LoadOptions,
  Piece,
  Prepared,
  Question,
  Run,
  SailInfo,
  Source,
  TraceEntry,
  TraceOptions,
} from './api.ts'
import type { ModelConfig } from './config/model-config.ts'
import { answer, noAnswer } from './facade/answer.ts'
import { type Environment, webEnvironment } from './facade/environment.ts'
import { features } from './facade/features.ts'
import { loadModel, type Model } from './facade/model.ts'
import { prepare } from './facade/prepare.ts'
import { Queue } from './facade/queue.ts'
import { trace } from './facade/trace.ts'
import { planTrace } from './facade/trace-plan.ts'
import { generateSettings } from './generate/options.ts'
import { PrefixReuse } from './generate/prefix-reuse.ts'
import { EngineRun } from './generate/run.ts'
import type { Tensor } from './tensor.ts'
import type { Tokenizer } from './tokenizer/tokenizer.ts'

/** Node 20 and older browsers lack the symbol; Node's own polyfill and TypeScript's `await using` agree on this one. */
const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')

/** What most methods take besides their own options. */
export interface CallOptions {
  readonly signal?: AbortSignal
}

export class Sail {
  readonly #model: Model
  readonly #queue = new Queue()
  readonly #reuse: PrefixReuse

  /** Use `Sail.load`. */
  protected constructor(model: Model) {
    this.#model = model
    this.#reuse = new PrefixReuse(model.engine)
  }

  /**
   * Loads a checkpoint: base URL, or map of file name to Blob; in Node also a folder's path.
   * @throws SailError of config, tokenizer, weights or backend; signal.reason; what onProgress throws
   */
  static async load(source: Source, options: LoadOptions = {}): Promise<Sail> {
    return Sail.loadIn(webEnvironment, source, options)
  }

  protected static async loadIn(environment: Environment, source: Source, options: LoadOptions): Promise<Sail> {
    return new this(await loadModel(source, options, environment))
  }

  get config(): ModelConfig {
    return this.#model.config
  }

  get info(): SailInfo {
    return this.#model.info
  }

  get tokenizer(): Tokenizer {
    return this.#model.tokenizer
  }

  /** Answers a question, greedily unless a temperature is given. @throws SailError; signal.reason */
  async ask(question: Question, options: GenerateOptions = {}): Promise<Answer> {
    const pieces = this.stream(question, options)
    for (;;) {
      const { done, value } = await pieces.next()
      if (done) return value
    }
  }

  /** The answer piece by piece; the generator's return value is all of it. Leaving the loop stops the model. */
  async *stream(question: Question, options: GenerateOptions = {}): AsyncGenerator<Piece, Answer> {
    const settings = generateSettings(options)
    const { signal, onAbort } = settings
    let release = (): void => {}
    try {
      let prepared: Prepared
      try {
        release = await this.#turn(signal)
        prepared = await prepare(this.#model, question, signal)
        signal?.throwIfAborted()
      } catch (error) {
        if (onAbort === 'return' && signal?.aborted && error === signal.reason) return noAnswer(this.#model, settings)
        throw error
      }
      return yield* answer(this.#model, prepared, settings, this.#reuse)
    } finally {
      release()
    }
  }

  /** The image as a map of features, (GH, GW, D). @throws SailError; signal.reason */
  async features(image: ImageInput, { signal }: CallOptions = {}): Promise<Features> {
    const release = await this.#turn(signal)
    try {
      const run = this.open(await prepare(this.#model, { image, prompt: '' }, signal))
      return await features(run, signal).finally(() => run.close())
    } finally {
      release()
    }
  }

  /** The chosen stages by name. Many stages of a large image do not fit in memory: `traceStream` holds one pass only. */
  async trace(question: Question, options: TraceOptions): Promise<Map<string, Tensor>> {
    const tensors = new Map<string, Tensor>()
    for await (const { name, tensor } of this.traceStream(question, options)) tensors.set(name, tensor)
    return tensors
  }

  /** The chosen stages in the order of the data, each as it is made. @throws SailError; signal.reason */
  async *traceStream(question: Question, options: TraceOptions): AsyncGenerator<TraceEntry, void> {
    const { config, suppressed } = this.#model
    const { signal } = options
    const release = await this.#turn(signal)
    try {
      const prepared = await prepare(this.#model, question, signal)
      const plan = planTrace(prepared, config.dims.L, options)
      const run = this.open(prepared)
      try {
        yield* trace({ run, plan, config, suppressed, signal })
      } finally {
        run.close()
      }
    } finally {
      release()
    }
  }

  /** All that precedes the first pass, as plain data. @throws SailError; signal.reason */
  async prepare(question: Question, { signal }: CallOptions = {}): Promise<Prepared> {
    this.#model.engine.checkOpen()
    return prepare(this.#model, question, signal)
  }

  /** A run of its own over a prepared sequence, pass by pass; close it. Its passes take turns with everything else's. */
  open(prepared: Prepared): Run {
    const { engine, config, graphs } = this.#model
    const checkOpen = (): void => engine.checkOpen()
    return new EngineRun({ engine, config, graphs, prepared, cache: engine.createCache(), checkOpen })
  }

  /** Stops what runs and frees the memory; every later use is E_CLOSED. Closing again is fine. */
  async close(): Promise<void> {
    await this.#model.engine.close()
    this.#reuse.free()
  }

  async [asyncDispose](): Promise<void> {
    await this.close()
  }

  async #turn(signal?: AbortSignal): Promise<() => void> {
    const { engine } = this.#model
    engine.checkOpen()
    const release = await this.#queue.acquire(signal)
    try {
      engine.checkOpen()
      return release
    } catch (error) {
      release()
      throw error
    }
  }
}
