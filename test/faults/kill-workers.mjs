// A process of its own, with the built library: workers are ended while weights are packed, in the prefix pass and while
// tokens are decoded. Prints, for each, what the caller got and after how long, whether the next model answers as the
// first did, and how many workers were alive at the end.
import { syncBuiltinESMExports } from 'node:module'
import workerThreads from 'node:worker_threads'

const [model] = process.argv.slice(2)
const alive = new Set()
let made = []
workerThreads.Worker = class extends workerThreads.Worker {
  constructor(...args) {
    super(...args)
    alive.add(this)
    made.push(this)
    this.once('exit', () => alive.delete(this))
  }
}
syncBuiltinESMExports()
const { Sail } = await import('../../dist/node.js')

const threads = 2
const image = { width: 140, height: 140, data: new Uint8Array(140 * 140 * 3).map((_, i) => (i * 7919) % 251) }
const question = { image, prompt: 'what is it?' }
const load = (options = {}) => {
  made = []
  return Sail.load(model, { backend: 'wasm', threads, ...options })
}
const idsOf = async (sail) => (await sail.ask(question, { maxNewTokens: 4 })).ids.join()

const first = await load()
const wanted = await idsOf(first)
await first.close()

/** Each does something for ever; `kill` ends worker `n` of its team in the middle of it. */
const phases = {
  async start(kill) {
    const loading = load()
    kill()
    await loading
  },
  async load(kill) {
    await load({ onProgress: ({ loaded }) => loaded > 0 && kill() })
  },
  async prefix(kill) {
    const sail = await load()
    const run = sail.open(await sail.prepare(question))
    setTimeout(kill, 5)
    for (;;) await run.pass('prefix', { keep: false, stages: ['final_norm'] })
  },
  async decode(kill) {
    const sail = await load()
    for (;;) for await (const _ of sail.stream(question, { maxNewTokens: 64 })) kill()
  },
}

const results = []
for (const [phase, work] of Object.entries(phases))
  for (const n of [0, threads - 1]) {
    let killed = 0
    let hangs = () => {}
    const hung = new Promise((resolve) => {
      hangs = () => setTimeout(resolve, 10_000, 'it hangs').unref()
    })
    const kill = () => {
      if (killed > 0) return
      // In `start` the team does not exist yet.
      if (made[n] === undefined) return setTimeout(kill)
      killed = performance.now()
      made[n].terminate()
      hangs()
    }
    const caught = work(kill).then(
      () => 'none',
      (error) => error.code ?? String(error),
    )
    const code = await Promise.race([hung, caught])
    const ms = performance.now() - killed
    const next = await load()
    const same = (await idsOf(next)) === wanted
    await next.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    results.push({ phase, n, code, ms, same, alive: alive.size })
  }
console.log(JSON.stringify(results))
