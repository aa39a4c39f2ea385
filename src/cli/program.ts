// The tree of commands. Each command file declares flags only; the code behind it is imported when the command runs.
// `exitOverride` stands before the subcommands are added because they copy it: commander then throws instead of ending
// the process with exit code 1.
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { askCommand } from './ask.ts'
import { benchCommand } from './bench.ts'
import type { Context } from './context.ts'
import { diffCommand } from './diff.ts'
import { featuresCommand } from './features.ts'
import { inspectCommand } from './inspect.ts'
import { preprocessCommand } from './preprocess.ts'
import { quantizeCommand } from './quantize.ts'
import { withoutColour } from './terminal.ts'
import { tokenizeCommand } from './tokenize.ts'
import { traceCommand } from './trace.ts'
import { verifyCommand } from './verify.ts'

/** @param print takes help and version */
export function createProgram(context: Context, print: (text: string) => void): Command {
  const program = new Command('sail')
  program
    .description('SAIL, the vision-language model without a vision encoder: ask it, look into it, verify a port of it.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => {}, outputError: () => {} })
    .showSuggestionAfterError()
    .hook('preAction', (_, command) => {
      if (command.opts().color === false) withoutColour()
    })
  for (const add of commands) add(program, context)
  return program
}

const commands = [
  askCommand,
  featuresCommand,
  traceCommand,
  verifyCommand,
  diffCommand,
  preprocessCommand,
  tokenizeCommand,
  inspectCommand,
  quantizeCommand,
  benchCommand,
]

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
