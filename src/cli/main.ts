// One run of the command line: parse, do, and turn whatever happens into an exit code.
//   0 done (also when a reader such as `head` has seen enough)   1 verification failed   2 bad usage or bad input
//   3 not possible here   130 SIGINT   143 SIGTERM (raised again after cleaning up, so that shells see the signal)
// process.exit is never called: the process ends when its output is written.
import { type Command, CommanderError } from 'commander'
import { SailError } from '../errors.ts'
import { exitCodeOf } from './exit-code.ts'
import { Interruption, interruption } from './interruption.ts'
import { printError } from './print-error.ts'
import { createProgram } from './program.ts'
import { write } from './stdout.ts'

/** @param args what stands after `sail` */
export async function main(args: readonly string[]): Promise<void> {
  const stop = interruption()
  try {
    process.exitCode = await run(args, stop.signal)
    stop.signal.throwIfAborted() // the last write may have been the one that failed
  } catch (error) {
    if (!stop.signal.aborted) {
      process.exitCode = exitCodeOf(error)
      printError(error, wantsJson(args))
    } else if (!(stop.signal.reason instanceof Interruption)) {
      process.exitCode = exitCodeOf(stop.signal.reason)
      printError(stop.signal.reason, wantsJson(args))
    }
  }
  await stop.finish()
}

async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const result = { code: 0 }
  const exit = (code: number): void => {
    result.code = code
  }
  const answers: string[] = []
  const program = createProgram({ signal, exit }, (text) => answers.push(text))
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    await write(answers.join(''))
    return endOfParsing(error, program)
  }
  return result.code
}

/** Help and version are answers; everything else that commander throws is a usage error. */
function endOfParsing(error: CommanderError, program: Command): number {
  if (error.exitCode === 0) return 0
  if (error.code === 'commander.help') {
    process.stderr.write(program.helpInformation())
    return 2
  }
  const [found, ...rest] = error.message.replace(/^error: /, '').split('\n')
  const hint = [
    ...rest.map((line) => line.replace(/^\((.*)\)$/, '$1')),
    'sail --help lists the commands and their flags',
  ]
  throw new SailError('E_USAGE', { place: 'command line', found, hint: hint.join('; ') })
}

function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).includes('--json')
}
