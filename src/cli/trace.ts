// sail trace: every value between pixel and word, as a safetensors file.
import type { Command } from 'commander'
import { modelFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { integer, list } from './flag-values.ts'

export function traceCommand(program: Command, context: Context): void {
  const command = program.command('trace').description('write the stages of a run, in the format of the golden files')
  modelFlags(command)
    .option('--image <file>', 'PNG or JPEG; - reads it from stdin')
    .requiredOption('--prompt <text>', 'the question; empty is allowed')
    .option('--raw', 'send the prompt as it is, without the template of the model')
    .requiredOption('--stages <globs>', 'names by commas; * is any text between dots, ** any number of parts', list)
    .option('--max-new-tokens <n>', 'tokens to generate after the passes, 0 to 131072', integer(0, 131072), 0)
    .requiredOption('--out <file>', 'safetensors file; - writes it to stdout')
    .addHelpText(
      'after',
      "\nExample: sail trace --model ./SAIL-7B --image cat.jpg --prompt Hi --stages 'prefix.layers.*.out' --out t.safetensors",
    )
    .action(async (flags) => (await import('./trace-run.ts')).trace(flags, context))
}
