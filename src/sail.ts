/// <reference lib="esnext.disposable" preserve="true" />
// The library: load a checkpoint, ask it, stream, take features, trace every stage. Image and prompt become a `Prepared`
// (src/facade/prepare.ts), its passes a `Run` on the engine (src/generate/run.ts); everything else is made of these two.
// Calls on one instance take turns, in the order in which they were made: a stream holds its turn until it ends, its
// consumer leaves the loop or its signal aborts, so another call inside that loop would wait for itself.
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
import { handOnWhenAborted } from './facade/hand-on.ts'
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
   * Loads a checkpoint: config.json, tokenizer.json, and the weights, which are read into memory.
   * @param source base URL, or map of file name to Blob; in Node also a folder's path
   * @param options defaults: backend auto, weights exact, numerics f32, at most 4096 patches an image
   * @throws SailError E_OPTION_* and what cannot be had (E_BACKEND_UNAVAILABLE, E_MEMORY, ..), E_CONFIG_*,
   *   E_TOKENIZER_*, E_SAFETENSORS_*, E_WEIGHTS_*, E_PACKED_*, E_FILE_*; signal.reason; what onProgress throws
   */
  static async load(source: Source, options: LoadOptions = {}): Promise<Sail> {
    return Sail.loadIn(webEnvironment, source, options)
  }

  protected static async loadIn(environment: Environment, source: Source, options: LoadOptions): Promise<Sail> {
    return new this(await loadModel(source, options, environment))
  }

  /** What config.json and generation_config.json say, checked. */
  get config(): ModelConfig {
    return this.#model.config
  }

  /** What computes here, in which format, and why. */
  get info(): SailInfo {
    return this.#model.info
  }

  /** The checkpoint's tokenizer: text to ids and back. */
  get tokenizer(): Tokenizer {
    return this.#model.tokenizer
  }

  /**
   * The answer to a question, with an image or without: greedy, as upstream, unless a temperature above 0 is given.
   * Questions that follow each other on the same image run its prefix once. Source: upstream example.py.
   * @param options at most 1024 new tokens by default
   * @throws SailError E_OPTION_*, E_QUESTION_*, E_IMAGE_*, E_PNG_*, E_JPEG_*, E_SEQUENCE_*, E_TOKENIZER_*,
   *   E_MODEL_NO_VISION (an image for a text-only checkpoint), E_LOGITS_NOT_FINITE, E_SCORES_*, E_CLOSED; signal.reason
   */
  async ask(question: Question, options: GenerateOptions = {}): Promise<Answer> {
    const pieces = this.stream(question, options)
    for (;;) {
      const { done, value } = await pieces.next()
      if (done) return value
    }
  }

  /**
   * The answer piece by piece, one a token; the generator's return value is all of it. Nothing is computed before it is
   * asked for, and leaving the loop stops the model. Arguments and errors as `ask`.
   */
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
      return yield* handOnWhenAborted(answer(this.#model, prepared, settings, this.#reuse), release, signal)
    } finally {
      release()
    }
  }

  /**
   * SAIL as a vision encoder: final_norm of the prefix pass at the patches, (GH, GW, D) f32, row by row.
   * @throws SailError E_IMAGE_*, E_MODEL_NO_VISION, E_CLOSED; signal.reason
   */
  async features(image: ImageInput, { signal }: CallOptions = {}): Promise<Features> {
    const release = await this.#turn(signal)
    try {
      const run = this.open(await prepare(this.#model, { image, prompt: '' }, signal))
      return await features(run, signal).finally(() => run.close())
    } finally {
      release()
    }
  }

  /**
   * The chosen stages by full name, such as 'prefix.layers.3.q_rope', in the order of the data. Shapes, formulas:
   * golden/README.md. Many stages of a large image do not fit in memory: `traceStream` holds one at a time.
   * @param options globs of names; values to put in; greedy tokens to generate, default 0
   * @throws SailError as `ask`, and E_TRACE_STAGE (a glob that matches nothing), E_TRACE_GIVEN, E_GIVEN_*
   */
  async trace(question: Question, options: TraceOptions): Promise<Map<string, Tensor>> {
    const tensors = new Map<string, Tensor>()
    for await (const { name, tensor } of this.traceStream(question, options)) tensors.set(name, tensor)
    return tensors
  }

  /** As `trace`, each stage handed out as it is made; the model waits for whoever takes it. */
  async *traceStream(question: Question, options: TraceOptions): AsyncGenerator<TraceEntry, void> {
    const { config, suppressed } = this.#model
    const { signal } = options
    const release = await this.#turn(signal)
    try {
      const prepared = await prepare(this.#model, question, signal)
      const plan = planTrace(prepared, config.dims.L, options)
      const run = this.open(prepared)
      try {
        yield* handOnWhenAborted(trace({ run, plan, config, suppressed, signal }), release, signal)
      } finally {
        run.close()
      }
    } finally {
      release()
    }
  }

  /**
   * All that precedes the first pass, as plain data: pixels, patches, ids, positions, passes.
   * @throws SailError E_QUESTION_*, E_IMAGE_*, E_SEQUENCE_*, E_TOKENIZER_*, E_MODEL_NO_VISION, E_CLOSED; signal.reason
   */
  async prepare(question: Question, { signal }: CallOptions = {}): Promise<Prepared> {
    this.#model.engine.checkOpen()
    return prepare(this.#model, question, signal)
  }

  /**
   * A run of its own over a prepared sequence, pass by pass; close it. Its passes take turns with everything else's.
   * @throws SailError E_CLOSED
   */
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
