// How many threads, sharing memory or not, and the team that follows from it.
//   workers and shared memory     as many workers as asked for, or as there are cores
//   workers, no shared memory     one worker
//   no workers                    the calling thread
// Asking for more threads than the place can have is an error; `auto` takes what there is and says why.
import { SailError } from '../../../errors.ts'
import type { WasmHost } from '../host.ts'
import { newMemory } from '../memory/shard-memory.ts'
import { InlineTeam } from './inline-team.ts'
import type { Team } from './team.ts'
import { WorkerTeam } from './worker-team.ts'

export interface ChosenTeam {
  readonly threads: number
  readonly shared: boolean
  readonly notes: readonly string[]
}

/** More cores than this share one memory bus: they would only wait for it. */
const MOST_AUTO = 16

/** Bytes of weights that are worth a thread: with less to do, workers wait for each other longer than they work. */
const WORTH_A_THREAD = 8e6

/** `weights`: bytes that each token reads. @throws SailError E_OPTION_UNAVAILABLE */
export async function chooseTeam(threads: number | 'auto', weights: number, host: WasmHost): Promise<ChosenTeam> {
  const shared = host.shared && host.startWorker !== null
  if (shared && threads !== 'auto') return { threads, shared, notes: [] }
  if (shared) {
    const cores = Math.min(MOST_AUTO, await host.cores())
    const busy = Math.ceil(weights / WORTH_A_THREAD)
    const notes = busy < cores ? [`threads auto: ${busy}, the model is too small for more`] : []
    return { threads: Math.min(cores, busy), shared, notes }
  }
  if (threads !== 'auto' && threads > 1)
    throw new SailError('E_OPTION_UNAVAILABLE', {
      file: 'Sail.load',
      place: 'threads',
      expected: '1 or auto here',
      found: `${threads}`,
      hint: host.why,
    })
  const who = host.startWorker === null ? 'one thread, the calling one' : 'one thread'
  return { threads: 1, shared, notes: [`${who}: ${host.why}`] }
}

/** `sizes`: bytes that each shard begins with. @throws SailError E_MEMORY, E_WORKER_DIED */
export async function createTeam(
  { threads, shared }: ChosenTeam,
  module: WebAssembly.Module,
  sizes: readonly number[],
  { startWorker, readsFiles }: WasmHost,
): Promise<Team> {
  if (startWorker === null) return new InlineTeam(module, sizes)
  const memories = shared ? sizes.map((bytes) => newMemory(bytes, true)) : sizes
  return WorkerTeam.start({ module, memories, threads, startWorker, readsFiles })
}
