// Times the steps of one pass. By the device, where it has timestamps: a submission stays one, with a compute pass a step.
// Else each step is submitted and waited for alone, and the host's clock counts the way there and back as well; the profile
// says which of the two it was.
import type { OpTime, PassProfile } from '../../backend.ts'
import type { Plan } from '../plan/plan.ts'
import { MOST_STEPS, type Timestamps } from './timestamps.ts'
import { type OpPass, workOf } from './work.ts'

export class PassTimer {
  readonly timestamps: Timestamps | null
  readonly #plan: Plan
  readonly #pass: OpPass
  readonly #ops: OpTime[] = []

  constructor(timestamps: Timestamps | null, plan: Plan, pass: OpPass) {
    this.timestamps = timestamps
    this.#plan = plan
    this.#pass = pass
  }

  /** Most steps of a submission. */
  get steps(): number {
    return this.timestamps === null ? 1 : MOST_STEPS
  }

  /** Submits steps [from, to), waits for them, and notes what they took. */
  async time(from: number, to: number, submit: () => Promise<void>): Promise<void> {
    const begin = now()
    await submit()
    const times = await this.timestamps?.read(to - from)
    const alone = now() - begin
    const { steps } = this.#plan
    const run = Array.from({ length: to - from }, (_, i) => from + i).filter(
      (step) => steps[step].dispatches.length > 0,
    )
    const start = times?.[run[0] - from]?.[0] ?? 0
    for (const step of run) {
      const [first, last] = times?.[step - from] ?? [0, alone]
      const { name, rows, flops, bytes } = workOf(steps[step].op, this.#pass)
      const ms = Math.max(0, last - first)
      this.#ops.push({ worker: 0, name, first: 0, rows, begin: begin + first - start, ms, flops, bytes })
    }
  }

  get profile(): PassProfile {
    const { S, K } = this.#pass.sizes
    const clock = this.timestamps === null ? 'submissions' : 'device'
    return { tokens: S, keys: K, clock, ops: this.#ops }
  }
}

/** Milliseconds since 1970. */
function now(): number {
  return performance.timeOrigin + performance.now()
}
