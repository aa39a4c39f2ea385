// How fast something goes and how long it will take: bytes a second since it began, and what is left at that speed.

export class Rate {
  readonly #start: number
  readonly #now: () => number

  /** `now`: milliseconds of a clock that only goes forward. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#start = now()
  }

  /** '3.2 of 14.5 GB, 0.61 GB/s, 19 s left'; no speed before there is one. */
  text(loaded: number, total: number): string {
    const seconds = (this.#now() - this.#start) / 1000
    const [unit, divisor] = total < 1e9 ? ['MB', 1e6] : ['GB', 1e9]
    const done = `${(loaded / divisor).toFixed(1)} of ${(total / divisor).toFixed(1)} ${unit}`
    if (!(loaded > 0 && seconds > 0)) return done
    const speed = loaded / seconds
    return `${done}, ${(speed / 1e9).toFixed(2)} GB/s, ${duration((total - loaded) / speed)} left`
  }
}

/** 45 s, 3 min 20 s */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
