// Readers of flag values. Each says what it takes and refuses the rest: nothing is clamped or rounded.
import { InvalidArgumentError } from 'commander'

/** A whole number from `least` to `most`. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It should be a whole number from ${least} to ${most}.`)
  }
}

/** A number from `least` to `most`, `least` itself only when `open` is false. */
export function decimal(least: number, most: number, open = false): (text: string) => number {
  return (text) => {
    const value = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
    if (value <= most && (open ? value > least : value >= least)) return value
    throw new InvalidArgumentError(`It should be a number ${open ? 'above' : 'from'} ${least} to ${most}.`)
  }
}

/** A whole number, or `auto`. */
export function integerOrAuto(least: number, most: number): (text: string) => number | 'auto' {
  const read = integer(least, most)
  return (text) => (text === 'auto' ? text : read(text))
}

/** WIDTHxHEIGHT in pixels. */
export function size(text: string): { width: number; height: number } {
  const match = /^(\d{1,9})x(\d{1,9})$/i.exec(text)
  const [width, height] = match === null ? [0, 0] : [Number(match[1]), Number(match[2])]
  if (width >= 1 && height >= 1) return { width, height }
  throw new InvalidArgumentError('It should be WIDTHxHEIGHT in pixels, as 640x480.')
}

/** Repeatable flags: one value more each time. */
export function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text]
}

/** 'A,B' as ['A', 'B']. */
export function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.every((part) => part !== '')) return parts
  throw new InvalidArgumentError('It should be names separated by commas.')
}

/** Rising whole numbers, separated by commas. */
export function integers(least: number, most: number): (text: string) => number[] {
  const read = integer(least, most)
  return (text) => {
    const values = list(text).map(read)
    if (values.every((value, i) => i === 0 || value > values[i - 1])) return values
    throw new InvalidArgumentError('Each number should be larger than the one before.')
  }
}
