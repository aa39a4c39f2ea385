// Text that a file brought, made fit for an error message: in quotes, at most `max` characters, and with every control,
// line-breaking and direction-changing character escaped, so that it can neither forge a line nor move the cursor of
// the terminal that prints it.

const unprintable = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]|\p{Surrogate}/gu

/** `"name"`, shortened with its length when it is longer than `max` characters. */
export function quote(text: string, max = 80): string {
  const shown = text.length <= max ? text : text.slice(0, max)
  const escaped = JSON.stringify(shown).replace(
    unprintable,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return text.length <= max ? escaped : `${escaped}.. (${text.length} characters)`
}

/** The first `max` items, joined, and how many more there are. */
export function listed(items: readonly string[], max = 20, separator = ', '): string {
  const rest = items.length - max
  return items.slice(0, max).join(separator) + (rest > 0 ? ` and ${rest} more` : '')
}
