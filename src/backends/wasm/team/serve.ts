// A worker's side of the team: it does what the messages say, in their order. Node and browsers hand it their own kind
// of port; all else is here.
import { SailError } from '../../../errors.ts'
import { newMemory, ShardMemory } from '../memory/shard-memory.ts'
import type { Program } from '../plan/program.ts'
import { Recorder } from '../profile/recorder.ts'
import { Barrier } from './barrier.ts'
import { fill } from './fill.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { pack, type ReadFile } from './pack.ts'
import type { Worker } from './run-step.ts'
import { walk } from './walker.ts'

export interface Port {
  post(message: FromWorker, transfer?: ArrayBuffer[]): void
}

/** The function to call with each message. `readFile`: how files of the process are read; null where there are none. */
export function serve(port: Port, readFile: ReadFile | null): (message: ToWorker) => void {
  const programs = new Map<number, Program>()
  const recorder = new Recorder()
  let worker: Worker = { shards: [], index: 0, threads: 1, barrier: new Barrier(new ArrayBuffer(Barrier.bytes), 1) }

  const take = (message: ToWorker): void => {
    switch (message.kind) {
      case 'start': {
        const { module, memories, index, threads, words } = message
        const shards = memories.map((memory) => (typeof memory === 'number' ? newMemory(memory, false) : memory))
        const barrier = new Barrier(words, threads)
        worker = { shards: shards.map((memory) => new ShardMemory(module, memory)), index, threads, barrier }
        port.post({ kind: 'ready' })
        break
      }
      case 'program':
        programs.set(message.program, message.body)
        break
      case 'forget':
        programs.delete(message.program)
        break
      case 'run': {
        const program = programs.get(message.program)!
        const timing = message.profile ? recorder : null
        const whole = walk(program, message.part, message.frame, worker, timing)
        if (worker.index === 0) port.post({ kind: 'ran', whole })
        break
      }
      case 'records': {
        const records = recorder.take()
        port.post({ kind: 'records', records }, [records.buffer])
        break
      }
      case 'pack':
        port.post({ kind: 'packed', bad: pack(message.job, worker, readFile) })
        break
      case 'fill':
        port.post({ kind: 'filled', pieces: fill(message.job, worker, readFile) })
        break
      case 'grow':
        worker.shards[message.shard].grow(message.bytes)
        break
      case 'write':
        worker.shards[message.shard].write(message.at, message.data)
        break
      case 'read': {
        const data = worker.shards[message.shard].read(message.at, message.bytes)
        port.post({ kind: 'data', data }, [data.buffer])
        break
      }
      default:
        message satisfies never
    }
  }

  return (message) => {
    try {
      take(message)
    } catch (error) {
      const code = error instanceof SailError ? error.code : ''
      port.post({ kind: 'failed', message: String(error), code })
    }
  }
}
