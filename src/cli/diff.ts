// sail diff: two dumps against each other, for people who check their own port.
import type { Command } from 'commander'
import { plainFlags } from './common-flags.ts'
import type { Context } from './context.ts'

export function diffCommand(program: Command, context: Context): void {
  const command = program
    .command('diff')
    .description('compare two dumps, stage by stage, without a model; exit 1 when they part')
  plainFlags(command)
    .argument('<golden>', 'the dump that is right')
    .argument('<file>', 'the dump in question')
    .option('--json', 'one JSON document on stdout')
    .action(async (golden, file, flags) => (await import('./diff-run.ts')).diff(golden, file, flags, context))
}
