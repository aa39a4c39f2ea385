import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStopMatcher } from '../../src/generate/stop.ts'

function feed(stops: readonly string[], pieces: readonly string[]): { shown: string[]; stopped: boolean } {
  const matcher = createStopMatcher(stops)
  const shown: string[] = []
  for (const piece of pieces) {
    const { text, stopped } = matcher.push(piece)
    shown.push(text)
    if (stopped) return { shown, stopped }
  }
  return { shown: [...shown, matcher.flush()], stopped: false }
}

test('a stop string is cut off with all that follows', () => {
  expect(feed(['\n'], ['one', ' two\nthr', 'ee'])).toEqual({ shown: ['one', ' two'], stopped: true })
})

test('text that could start a stop string waits until it cannot', () => {
  expect(feed(['END'], ['aE', 'N', 'x'])).toEqual({ shown: ['a', '', 'ENx', ''], stopped: false })
})

test('what was held back is shown when the text ends', () => {
  expect(feed(['END'], ['aEN'])).toEqual({ shown: ['a', 'EN'], stopped: false })
})

test('a stop string over three pieces never shows', () => {
  expect(feed(['END'], ['aE', 'N', 'D!'])).toEqual({ shown: ['a', '', ''], stopped: true })
})

test('the one that ends first wins, of those the longest', () => {
  expect(feed(['abcd', 'bc'], ['xabcd']).shown).toEqual(['xa'])
  expect(feed(['c', 'abc'], ['xabcd']).shown).toEqual(['x'])
})

test('a hold-back that overlaps itself is found again', () => {
  expect(feed(['aab'], ['a', 'a', 'a', 'b']).shown.join('')).toBe('a')
})

test('without stop strings every piece goes through', () => {
  expect(feed([], ['a', 'b'])).toEqual({ shown: ['a', 'b', ''], stopped: false })
})

test('how a text falls into pieces changes nothing', () => {
  const letters = fc.constantFrom('a', 'b', 'c')
  const word = fc.array(letters, { minLength: 1, maxLength: 4 }).map((list) => list.join(''))
  fc.assert(
    fc.property(fc.array(word, { maxLength: 3 }), fc.array(word, { maxLength: 8 }), (stops, pieces) => {
      const whole = feed(stops, [pieces.join('')])
      const parts = feed(stops, pieces)
      expect(parts.shown.join('')).toBe(whole.shown.join(''))
      expect(parts.stopped).toBe(whole.stopped)
    }),
    { seed: 11, numRuns: 500 },
  )
})
