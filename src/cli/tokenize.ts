// sail tokenize: text to ids and back, with nothing added.
import { type Command, Option } from 'commander'
import { plainFlags } from './common-flags.ts'
import type { Context } from './context.ts'

export function tokenizeCommand(program: Command, context: Context): void {
  const command = program.command('tokenize').description('text as {ids, pieces, decoded}, one JSON document')
  plainFlags(command)
    .requiredOption('--model <dir>', 'folder that holds tokenizer.json; nothing else is read')
    .addOption(new Option('--text <text>', 'the text').conflicts('jsonl'))
    .option('--jsonl', 'JSON strings on stdin, one a line; one document a line out')
    .action(async (flags) => (await import('./tokenize-run.ts')).tokenize(flags, context))
}
