// sail inspect: what a checkpoint holds, what it needs, and what is wrong with it.
import type { Command } from 'commander'
import { plainFlags } from './common-flags.ts'
import type { Context } from './context.ts'

export function inspectCommand(program: Command, context: Context): void {
  const command = program.command('inspect').description('config, tensors, memory need and faults of a checkpoint')
  plainFlags(command)
    .requiredOption('--model <dir>', 'folder of the checkpoint')
    .option('--check', 'of a packed folder: read its weights and hold them against their sums')
    .option('--original <dir>', 'of a packed folder: the checkpoint that it should be made from')
    .option('--json', 'one JSON document on stdout')
    .action(async (flags) => (await import('./inspect-run.ts')).inspect(flags, context))
}
