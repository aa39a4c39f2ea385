// Stop strings on generated text: the first one that is complete ends the text, which is cut off where it starts. Text
// that could still become one is held back, so nothing is shown that a later token would take away again.
// "First" means: the one that ends earliest, of those the longest; so how the text falls into pieces changes nothing.

interface StopMatch {
  /** Text that is safe to show now. */
  readonly text: string
  /** Whether a stop string is complete; nothing may follow. */
  readonly stopped: boolean
}

export interface StopMatcher {
  push(text: string): StopMatch
  /** What was held back when the text ends without a stop string. */
  flush(): string
}

/** @param stops none of them empty */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  let held = ''
  return {
    push(text) {
      const buffer = held + text
      const start = firstMatch(buffer, stops)
      const safe = start ?? buffer.length - longestStart(buffer, stops)
      held = start === null ? buffer.slice(safe) : ''
      return { text: buffer.slice(0, safe), stopped: start !== null }
    },
    flush() {
      const rest = held
      held = ''
      return rest
    },
  }
}

/** Where the first complete stop string starts, or null. */
function firstMatch(buffer: string, stops: readonly string[]): number | null {
  let [start, end]: [number | null, number] = [null, Number.POSITIVE_INFINITY]
  for (const stop of stops) {
    const at = buffer.indexOf(stop)
    if (at === -1) continue
    if (at + stop.length < end || (at + stop.length === end && at < (start ?? 0))) [start, end] = [at, at + stop.length]
  }
  return start
}

/** Length of the longest tail of the text with which a stop string starts. */
function longestStart(buffer: string, stops: readonly string[]): number {
  const longest = stops.reduce((n, stop) => Math.max(n, stop.length - 1), 0)
  for (let n = Math.min(longest, buffer.length); n > 0; n--) {
    const tail = buffer.slice(-n)
    if (stops.some((stop) => stop.length > n && stop.startsWith(tail))) return n
  }
  return 0
}
