// sail features: SAIL as a vision encoder.
import type { Command } from 'commander'
import { modelFlags } from './common-flags.ts'
import type { Context } from './context.ts'

export function featuresCommand(program: Command, context: Context): void {
  const command = program.command('features').description('the image as a map of features, (GH, GW, D)')
  modelFlags(command)
    .requiredOption('--image <file>', 'PNG or JPEG; - reads it from stdin')
    .requiredOption('--out <file>', 'safetensors file with the tensor "features"; - writes it to stdout')
    .action(async (flags) => (await import('./features-run.ts')).features(flags, context))
}
