// A stage of a decoder: takes token strings one at a time and hands text on to the next stage.

export interface Stage {
  push(token: string): void
  /** No more tokens: what was held back goes on. */
  end(): void
}

/** Makes a stage that hands its output on to `next`. */
export type StageMaker = (next: Stage) => Stage
