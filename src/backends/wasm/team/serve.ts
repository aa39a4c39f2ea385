// A worker's side of the team: it does what the messages say, in their order. Node and browsers hand it their own kind
// of port; all else is here.
import { SailError } from '../../../errors.ts'
import { newMemory, ShardMemory } from '../memory/shard-memory.ts'
import type { Program } from '../plan/program.ts'
import { Barrier } from './barrier.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import type { Worker } from './run-step.ts'
import { pack, walk } from './walker.ts'

export interface Port {
  post(message: FromWorker, transfer?: ArrayBuffer[]): void
}

/** The function to call with each message. */
export function serve(port: Port): (message: ToWorker) => void {
  const programs = new Map<number, Program>()
  let worker: Worker = { shards: [], index: 0, threads: 1 }
  let barrier = new Barrier(new ArrayBuffer(Barrier.bytes), 1)

  const take = (message: ToWorker): void => {
    switch (message.kind) {
      case 'start': {
        const { module, memories, index, threads, words } = message
        const shards = memories.map((memory) => (typeof memory === 'number' ? newMemory(memory, false) : memory))
        worker = { shards: shards.map((memory) => new ShardMemory(module, memory)), index, threads }
        barrier = new Barrier(words, threads)
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
        const whole = walk(programs.get(message.program)!, message.groups, message.frame, worker, barrier)
        if (worker.index === 0) port.post({ kind: 'ran', whole })
        break
      }
      case 'pack':
        port.post({ kind: 'packed', bad: pack(message.job, worker) })
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
