// A wait of about 20 ms before the process ends. Node waits for its compiler threads when the event loop is empty; one
// of them may then wait for the main thread to collect garbage, and neither goes on: the process hangs, every answer
// written (nodejs/node issue 54918; seen here in 1 of 20 runs). So the event loop is kept turning until the threads of
// this process have stopped working. process.exit would not help: it waits for the same threads.
import { setTimeout } from 'node:timers/promises'

const step = 10
/** CPU time of all threads in one step, in microseconds, that still counts as quiet. */
const quiet = 2000
const mostSteps = 100

export async function quietEnd(): Promise<void> {
  let quietSteps = 0
  for (let i = 0; i < mostSteps && quietSteps < 2; i++) {
    const before = process.cpuUsage()
    await setTimeout(step)
    const { user, system } = process.cpuUsage(before)
    quietSteps = user + system < quiet ? quietSteps + 1 : 0
  }
}
