// sail preprocess: from an image, or from its size alone, to what the model sees of it.
import { type Command, Option } from 'commander'
import { maxPatchesOption, maxPixelsOption, plainFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { integer, size } from './flag-values.ts'

export function preprocessCommand(program: Command, context: Context): void {
  const command = program
    .command('preprocess')
    .description('resize and normalise an image into patches, without a model')
  plainFlags(command)
    .addOption(new Option('--image <file>', 'PNG or JPEG; - reads it from stdin').conflicts('size'))
    .addOption(new Option('--size <WxH>', 'only compute the target size of an image of this size').argParser(size))
    .requiredOption('--patch-size <p>', 'side of a patch in pixels, 1 to 1024', integer(1, 1024))
    .addOption(maxPatchesOption())
    .addOption(maxPixelsOption())
    .addOption(new Option('--out <file>', 'safetensors file; - writes it to stdout').conflicts('size'))
    .option('--json', 'the sizes as one JSON document on stdout')
    .action(async (flags) => (await import('./preprocess-run.ts')).preprocess(flags, context))
}
