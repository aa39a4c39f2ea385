// Decodes ids as they come. A piece never ends in half a character: what the decoder cannot know yet is held back and
// comes with a later piece, at the latest with flush. The pieces add up to the decode of all ids.
import type { Stage, StageMaker } from './stage.ts'

export class StreamDecoder {
  #text = ''
  readonly #chain: Stage
  readonly #nameOf: (id: number) => string | undefined

  /** @param nameOf token string of an id, undefined for one that is left out */
  constructor(decoder: StageMaker, nameOf: (id: number) => string | undefined) {
    this.#nameOf = nameOf
    this.#chain = decoder({
      push: (text) => {
        this.#text += text
      },
      end: () => {},
    })
  }

  /** Text that is certain after one more id; may be ''. */
  push(id: number): string {
    const name = this.#nameOf(id)
    if (name !== undefined) this.#chain.push(name)
    return this.#take()
  }

  /** What was held back; call it once, after the last id. */
  flush(): string {
    this.#chain.end()
    return this.#take()
  }

  #take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}
