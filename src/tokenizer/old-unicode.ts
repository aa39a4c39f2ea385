// Characters as tokenizers 0.19.1 knows them, whatever Unicode version this engine has. Three of its libraries stand
// still at three versions: its regular expressions know the letters, numbers and marks of Unicode 14, its digits are
// those of Unicode 15, its composition (NFC) that of Unicode 9. What came later is taken out of the engine's classes;
// no older character has changed. The ranges were found by asking Python about every code point and comparing with
// Unicode 17.

/** Letters, numbers and marks that came after Unicode 14. */
const SINCE_15 = `
  88F 897 C5C CDC CF3 ECE 1ACF-1ADD 1AE0-1AEB 1C89-1C8A A7CB-A7CF A7D2 A7D4 A7DA-A7DC A7F1 105C0-105F3 10940-10959
  10D40-10D65 10D69-10D6D 10D6F-10D85 10EC2-10EC7 10EFA-10EFF 1123F-11241 11380-11389 1138B 1138E 11390-113B5
  113B7-113C0 113C2 113C5 113C7-113CA 113CC-113D3 113E1-113E2 116D0-116E3 11B60-11B67 11BC0-11BE0 11BF0-11BF9
  11DB0-11DDB 11DE0-11DE9 11F00-11F10 11F12-11F3A 11F3E-11F42 11F50-11F5A 1342F 13440-13455 13460-143FA 16100-16139
  16D40-16D6C 16D70-16D79 16EA0-16EB8 16EBB-16ED3 16FF2-16FF6 187F8-187FF 18CFF 18D09-18D1E 18D80-18DF2 1B132 1B155
  1CCF0-1CCF9 1D2C0-1D2D3 1DF25-1DF2A 1E030-1E06D 1E08F 1E4D0-1E4F9 1E5D0-1E5FA 1E6C0-1E6DE 1E6E0-1E6F5 1E6FE-1E6FF
  2B739-2B73F 2CEA2-2CEAD 2EBF0-2EE5D 31350-33479`

/** Marks that came after Unicode 9, and so neither move nor compose (with those above). */
const MARKS_SINCE_10 = `
  7FD 898-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ACE 1DF6-1DFA A82C 10D24-10D27 10EAB-10EAC 10F46-10F50
  10F82-10F85 11070 1133B 1145E 11839-1183A 11930 1193D-1193E 11943 119E0 11A34 11A47 11A99 11D42 11D44-11D45 11D97
  16FF0-16FF1 1E130-1E136 1E2AE 1E2EC-1E2EF`

/** Numbers that came after Unicode 15: see above. */
const NUMBERS_SINCE_16 = `
  10D40-10D49 116D0-116E3 11BF0-11BF9 11DE0-11DE9 16130-16139 16D70-16D79 16FF4-16FF6 1CCF0-1CCF9 1E5F1-1E5FA`

const ranges = (list: string): string =>
  list
    .trim()
    .split(/\s+/)
    .map((range) => range.replace(/[0-9A-F]+/g, (hex) => `\\u{${hex}}`))
    .join('')

/** Class source of what composition does not know. */
export const notComposed: string = `[${ranges(SINCE_15)}${ranges(MARKS_SINCE_10)}]`

const without = (property: string, list: string): string => `[\\p{${property}}--[${ranges(list)}]]`

/** Class sources for regular expressions with the flag v, by Unicode property. */
export const unicode14 = (property: string): string => without(property, SINCE_15)

/** What the Digits pre-tokenizer takes for a digit: all of Nd, Nl and No. */
export const numeric: string = without('N', NUMBERS_SINCE_16)
