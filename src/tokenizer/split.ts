// Cutting a text at the matches of a pattern. What becomes of a match is the `behavior`: a word of its own (Isolated),
// dropped (Removed), joined to the word before or after it, or joined to the matches beside it (Contiguous). `invert`
// exchanges matches and what lies between.
// Source: tokenizers 0.19.1, normalizer.rs `split`, whose folds are kept: a match right after a match is not joined.
import type { JsonAt } from './json-at.ts'

const behaviors = ['Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const
export type Behavior = (typeof behaviors)[number]

interface Piece {
  readonly text: string
  readonly match: boolean
}

/** The words of `text`, none of them empty. */
export function cut(text: string, pattern: RegExp, behavior: Behavior, invert: boolean): string[] {
  const pieces = matches(text, pattern, invert)
  switch (behavior) {
    case 'Isolated':
      return pieces.map((piece) => piece.text)
    case 'Removed':
      return pieces.filter((piece) => !piece.match).map((piece) => piece.text)
    case 'Contiguous':
      return merge(pieces, (match, before) => match === before)
    case 'MergedWithPrevious':
      return merge(pieces, (match, before) => match && !before)
    case 'MergedWithNext':
      return mergeBackwards(pieces)
  }
}

function matches(text: string, pattern: RegExp, invert: boolean): Piece[] {
  const pieces: Piece[] = []
  let done = 0
  for (const found of text.matchAll(pattern)) {
    if (done < found.index) pieces.push({ text: text.slice(done, found.index), match: invert })
    pieces.push({ text: found[0], match: !invert })
    done = found.index + found[0].length
  }
  if (done < text.length) pieces.push({ text: text.slice(done), match: invert })
  return pieces
}

function merge(pieces: readonly Piece[], joins: (match: boolean, before: boolean) => boolean): string[] {
  const words: string[] = []
  let before = false
  for (const { text, match } of pieces) {
    if (joins(match, before) && words.length > 0) words[words.length - 1] += text
    else words.push(text)
    before = match
  }
  return words
}

function mergeBackwards(pieces: readonly Piece[]): string[] {
  const words: string[] = []
  let after = false
  for (const { text, match } of pieces.toReversed()) {
    if (match && !after && words.length > 0) words[words.length - 1] = text + words[words.length - 1]
    else words.push(text)
    after = match
  }
  return words.reverse()
}

/** @throws SailError E_TOKENIZER_FIELD */
export function readBehavior(place: JsonAt): Behavior {
  const found = behaviors.find((behavior) => behavior === place.value)
  if (found === undefined) throw place.not(behaviors.join(', '))
  return found
}
