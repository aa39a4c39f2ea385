// Letters, numbers and marks as tokenizers 0.19.1 knows them, whatever Unicode version this engine has. Its regex
// library (Oniguruma 6.9) stops at Unicode 14: characters that came later are neither letters nor numbers there, so
// they are taken out of the engine's classes. No older character has changed its class. The ranges were found by
// asking Python about every code point and comparing with Unicode 17.

/** Letters, numbers and marks that came after Unicode 14. */
const SINCE_15 = `
  88F 897 C5C CDC CF3 ECE 1ACF-1ADD 1AE0-1AEB 1C89-1C8A A7CB-A7CF A7D2 A7D4 A7DA-A7DC A7F1 105C0-105F3 10940-10959
  10D40-10D65 10D69-10D6D 10D6F-10D85 10EC2-10EC7 10EFA-10EFF 1123F-11241 11380-11389 1138B 1138E 11390-113B5
  113B7-113C0 113C2 113C5 113C7-113CA 113CC-113D3 113E1-113E2 116D0-116E3 11B60-11B67 11BC0-11BE0 11BF0-11BF9
  11DB0-11DDB 11DE0-11DE9 11F00-11F10 11F12-11F3A 11F3E-11F42 11F50-11F5A 1342F 13440-13455 13460-143FA 16100-16139
  16D40-16D6C 16D70-16D79 16EA0-16EB8 16EBB-16ED3 16FF2-16FF6 187F8-187FF 18CFF 18D09-18D1E 18D80-18DF2 1B132 1B155
  1CCF0-1CCF9 1D2C0-1D2D3 1DF25-1DF2A 1E030-1E06D 1E08F 1E4D0-1E4F9 1E5D0-1E5FA 1E6C0-1E6DE 1E6E0-1E6F5 1E6FE-1E6FF
  2B739-2B73F 2CEA2-2CEAD 2EBF0-2EE5D 31350-33479`

/** Numbers that came after Unicode 15: the standard library of tokenizers' own language knows one version more. */
const NUMBERS_SINCE_16 = `
  10D40-10D49 116D0-116E3 11BF0-11BF9 11DE0-11DE9 16130-16139 16D70-16D79 16FF4-16FF6 1CCF0-1CCF9 1E5F1-1E5FA`

const ranges = (list: string): string =>
  list
    .trim()
    .split(/\s+/)
    .map((range) => range.replace(/[0-9A-F]+/g, (hex) => `\\u{${hex}}`))
    .join('')

const without = (property: string, list: string): string => `[\\p{${property}}--[${ranges(list)}]]`

/** Class sources for regular expressions with the flag v, by Unicode property. */
export const unicode14 = (property: string): string => without(property, SINCE_15)

/** What the Digits pre-tokenizer takes for a digit: all of Nd, Nl and No. */
export const numeric: string = without('N', NUMBERS_SINCE_16)
