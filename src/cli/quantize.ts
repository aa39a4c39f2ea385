// sail quantize: pack a checkpoint once, so that every later start is a plain read.
import { type Command, Option } from 'commander'
import { plainFlags, threadsOption } from './common-flags.ts'
import type { Context } from './context.ts'

export function quantizeCommand(program: Command, context: Context): void {
  const command = program
    .command('quantize')
    .description('write a folder whose weights are packed as the kernels keep them; it loads like any checkpoint')
  plainFlags(command, ['weights', 'threads'])
    .requiredOption('--model <dir>', 'folder of the checkpoint')
    .addOption(
      new Option('--weights <format>', 'what the layers are kept in')
        .choices(['q4', 'q8', 'bf16'])
        .makeOptionMandatory(),
    )
    .requiredOption('--out <dir>', 'folder to write; one that an earlier run wrote is replaced')
    .addOption(threadsOption())
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample: sail quantize --model ./SAIL-7B --weights q4 --out ./SAIL-7B-q4')
    .action(async (flags) => (await import('./quantize-run.ts')).quantize(flags, context))
}
