// What a terminal may be shown. Model text, names and paths come from outside: on a terminal, control characters could
// move the cursor, recolour or retitle it, so they are taken out there. Pipes and files get every character.
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

let colourful = true

/** --no-color; NO_COLOR and FORCE_COLOR are read by styleText itself. */
export function withoutColour(): void {
  colourful = false
}

/** Colour where `stream` shows it. Colour never says anything that the text does not. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream): string {
  return colourful ? styleText(style, text, { stream, validateStream: true }) : text
}

/** `text` as `stream` may get it: without C0 and C1 controls (newline and tab stay) when it is a terminal. */
export function forTerminal(text: string, stream: NodeJS.WriteStream): string {
  return stream.isTTY ? withoutControls(text) : text
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

export function withoutControls(text: string): string {
  return text.replace(controls, '')
}
