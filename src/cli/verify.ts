// sail verify: hold a dump of PyTorch against this implementation, stage by stage.
import type { Command } from 'commander'
import { modelFlags } from './common-flags.ts'
import type { Context } from './context.ts'

export function verifyCommand(program: Command, context: Context): void {
  const command = program
    .command('verify')
    .description('compare dumps with the model, stage by stage; exit 1 when they part')
  modelFlags(command)
    .requiredOption('--golden <file...>', 'one or more dumps (format sail-golden/1)')
    .option('--image <file>', 'the image, where the place that the dump names does not hold')
    .option('--free-running', "run from the image to the words; without it each stage gets the dump's own inputs")
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample: sail verify --model ./SAIL-7B --golden cat.f32.safetensors')
    .action(async (flags) => (await import('./verify-run.ts')).verify(flags, context))
}
