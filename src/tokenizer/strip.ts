// The Strip decoder: takes up to `start` characters `content` off the front of a token and up to `stop` off its end.
// Llama's arrangement has it behind Fuse with start 1, where it takes the one space off that Prepend put in front.
// Source: tokenizers 0.19.1, decoders/strip.rs.
import type { StageMaker } from './stage.ts'

export interface StripRule {
  readonly content: string
  readonly start: number
  readonly stop: number
}

/** Strip on each token by itself. */
export function stripEach({ content, start, stop }: StripRule): (token: string) => string {
  return (token) => {
    const chars = [...token]
    let from = 0
    while (from < Math.min(start, chars.length) && chars[from] === content) from++
    let to = chars.length
    while (to > from && chars.length - to < stop && chars[to - 1] === content) to--
    return chars.slice(from, to).join('')
  }
}

/** Strip on one token that arrives in fragments. */
export function stripFused({ content, start, stop }: StripRule): StageMaker {
  return (next) => {
    let left = start // characters that may still go at the front
    let held = 0 // characters `content` seen last, kept back for as long as they may be the end
    return {
      push(fragment) {
        let text = ''
        for (const char of fragment) {
          if (char === content && left > 0) left--
          else if (char === content && held < stop) held++
          else {
            // The oldest of the held ones is not among the last `stop` any more; another character frees them all.
            if (char !== content) {
              text += content.repeat(held)
              held = 0
            }
            text += char
            left = 0
          }
        }
        if (text !== '') next.push(text)
      },
      end: () => next.end(),
    }
  }
}
