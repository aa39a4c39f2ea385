// JSON as the command line writes it: NaN and the infinities become strings, because JSON.stringify would make them null
// and a reader would take a broken figure for a missing one; what a terminal would obey is written as \u....
import { controls } from './terminal.ts'

export function toJson(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'number' && !Number.isFinite(each) ? String(each) : each,
  )
  return text.replace(controls, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
