// sail bench: how fast a checkpoint runs here, and which share of what this machine can do at all.
import type { Command } from 'commander'
import { modelFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { integer, integers } from './flag-values.ts'

export function benchCommand(program: Command, context: Context): void {
  const command = program
    .command('bench')
    .description('tokens a second, memory, and each kind of op against the machine')
  modelFlags(command)
    .option('--patches <list>', 'sizes of prefix passes, each 1 to 4096, rising', integers(1, 4096), [256, 1024])
    .option('--steps <n>', 'tokens to decode behind the largest, 1 to 1000', integer(1, 1000), 32)
    .option('--runs <n>', 'passes of each size, 1 to 100', integer(1, 100), 3)
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample: sail bench --model ./SAIL-7B --weights q4 --threads 2')
    .action(async (flags) => (await import('./bench/run.ts')).bench(flags, context))
}
