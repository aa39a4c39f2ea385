// What a terminal may be shown. Model text, names and paths come from outside: on a terminal, control characters could
// move the cursor, recolour or retitle it, and direction marks could reorder a line, so they are taken out there. Pipes
// and files get every character; JSON names these characters by number everywhere, which changes no value.
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

/** `text` as `stream` may get it: on a terminal without C0 and C1 controls (newline and tab stay) and direction marks. */
export function forTerminal(text: string, stream: NodeJS.WriteStream): string {
  return stream.isTTY ? withoutControls(text) : text
}

/** C0 without tab and newline, DEL, C1 (0x9b alone is an ESC [), line separators, direction embeddings and isolates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

export function withoutControls(text: string): string {
  return text.replace(controls, '')
}

/** What must stay on its line, such as a name in a report. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
