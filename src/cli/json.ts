// JSON as the command line writes it: NaN and the infinities become strings, because JSON.stringify would make them null
// and a reader would take a broken figure for a missing one.
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'number' && !Number.isFinite(each) ? String(each) : each,
  )
}
