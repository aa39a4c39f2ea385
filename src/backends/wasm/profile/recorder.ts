// A worker's side of profiling: when each instruction of a pass began and ended, as plain numbers, since a pass has
// thousands of them. What they mean is worked out afterwards on the main thread (pass-profile.ts).
// Clocks of workers begin when they start; times here are milliseconds since 1970 on all of them.

/** group, instruction, first row, rows, begin, end */
export const RECORD = 6

export class Recorder {
  #records: number[] = []

  /** Runs one instruction. */
  time(group: number, instruction: number, { first, count }: { first: number; count: number }, run: () => void): void {
    const begin = performance.timeOrigin + performance.now()
    run()
    this.#records.push(group, instruction, first, count, begin, performance.timeOrigin + performance.now())
  }

  /** All records since the last time, and forgets them. */
  take(): Float64Array<ArrayBuffer> {
    const taken = Float64Array.from(this.#records)
    this.#records = []
    return taken
  }
}
