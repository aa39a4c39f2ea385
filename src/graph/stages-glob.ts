// Choosing stages by pattern: `*` matches within one dotted part, `**` any number of parts (also none).
//   'text.layers.*.q_*'   'prefix.**'   '**.attn_weights'
// No pattern takes more than (pattern length) * (name length) steps, because only the last star is ever widened.

/** Whether a full name matches a pattern. */
export function matchesGlob(name: string, pattern: string): boolean {
  return match(name.split('.'), pattern.split('.'), '**', (part, glob) => match([...part], [...glob], '*', same))
}

/** The names that match one of the patterns, in their own order, and the patterns that match none. */
export function selectStages(names: readonly string[], patterns: readonly string[]) {
  return {
    names: names.filter((name) => patterns.some((pattern) => matchesGlob(name, pattern))),
    unmatched: patterns.filter((pattern) => !names.some((name) => matchesGlob(name, pattern))),
  }
}

const same = (a: string, b: string): boolean => a === b

/** Items against a pattern in which `star` stands for any number of items. */
function match(
  items: readonly string[],
  pattern: readonly string[],
  star: string,
  fits: (item: string, pattern: string) => boolean,
): boolean {
  let [i, p] = [0, 0]
  let [starAt, resume] = [-1, 0]
  while (i < items.length) {
    if (p < pattern.length && pattern[p] === star) {
      starAt = p++
      resume = i
    } else if (p < pattern.length && fits(items[i], pattern[p])) {
      i++
      p++
    } else if (starAt !== -1) {
      p = starAt + 1
      i = ++resume
    } else return false
  }
  while (p < pattern.length && pattern[p] === star) p++
  return p === pattern.length
}
