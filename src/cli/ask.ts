// sail ask: one question, streamed word by word; or many, as JSON Lines.
import { type Command, Option } from 'commander'
import { modelFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { collect, decimal, integer } from './flag-values.ts'

export function askCommand(program: Command, context: Context): void {
  const command = program.command('ask').description('answer a question, about an image or without one')
  modelFlags(command)
    .option('--image <file>', 'PNG or JPEG; - reads it from stdin')
    .addOption(new Option('--prompt <text>', 'the question; empty is allowed').conflicts('jsonl'))
    .addOption(new Option('--jsonl <file>', 'lines {"image","prompt"}; - reads stdin').conflicts('image'))
    .option('--raw', 'send the prompt as it is, without the template of the model')
    .option('--max-new-tokens <n>', 'most tokens to write, 1 to 131072', integer(1, 131072), 1024)
    .option('--temperature <t>', 'above 0 turns sampling on; default 0, greedy', decimal(0, 100))
    .option('--top-k <n>', 'keep the n likeliest, 0: all; default 50 when sampling', integer(0, 1_000_000))
    .option('--top-p <p>', 'keep the likeliest that make up p', decimal(0, 1))
    .option('--min-p <p>', 'drop what is less likely than p times the likeliest', decimal(0, 1))
    .option('--repetition-penalty <r>', 'above 1 repeats less', decimal(0, 100, true))
    .option('--seed <n>', 'the same seed draws the same tokens', integer(0, Number.MAX_SAFE_INTEGER))
    .option('--stop <text>', 'end before this text; may be repeated', collect)
    .option(
      '--logprobs <n>',
      'report log probabilities and the n likeliest ids, 0 to 20 (with --json or --jsonl)',
      integer(0, 20),
    )
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample: sail ask --model ./SAIL-7B --image cat.jpg --prompt "What is this?"')
    .action(async (flags) => (await import('./ask-run.ts')).ask(flags, context))
}
