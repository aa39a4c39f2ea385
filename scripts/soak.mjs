// npm run soak: one model, many generations with random images, prompts, aborts and consumers that leave, and at the end
// the question whether anything was kept:
//   rss       of the process: after the last (the least of five looks towards the end) at most 2 % above after the 20th
//   heap      live JavaScript objects and what they hold outside, without what the compiler made of the code: the same
//   gpu       webgpu: buffers, query sets, bind groups, pipelines and command buffers that are there: no more, and their bytes
//             as rss; no buffer after close
//   threads   of the process (Linux): as many after the last as after the 20th; the team's own are gone after close
//   handles   what keeps the event loop alive after close: what did before loading. The process must end by itself
//   listeners on a signal that lives as long as the run: none
// Memory is looked at after forced collections; malloc is told to give back what it has, and V8 to make at once what it
// notes about functions. Without that RSS differs by 10 % from look to look, and the heap takes 80 generations to settle.
// Caches grow to the largest question and code is compiled as it is met; both are meant to stay. So the first
// questions are the largest of each kind, and those up to the 20th go through every kind of end, with longer answers; all
// else is drawn.
import { spawnSync } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { getHeapCodeStatistics } from 'node:v8'
import { build, install, root } from './setup.mjs'

const text = (value) => ({ type: 'string', default: value })
const { values: flags } = parseArgs({
  options: {
    generations: text('200'),
    backend: text('wasm'),
    threads: text('auto'),
    model: text(join(root, 'golden', 'cases', 'models', 'tiny-a')),
    seed: text('1'),
    /** Generation that the last is compared with. */
    after: text('20'),
    /** Percent. */
    tolerance: text('2'),
  },
})
const [generations, after, tolerance] = [flags.generations, flags.after, flags.tolerance].map(Number)
if (!(after >= 1 && generations > after && tolerance > 0)) {
  console.error('--generations must be above --after, both whole numbers, --tolerance above 0')
  process.exit(2)
}
install()
build()
if (globalThis.gc === undefined) {
  const malloc = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536', MALLOC_MMAP_THRESHOLD_: '65536' }
  const v8 = ['--expose-gc', '--no-lazy-feedback-allocation', '--max-semi-space-size=1']
  const args = [...v8, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...malloc } })
  process.exit(status ?? 1)
}
const onGpu = flags.backend === 'webgpu'
const gpuObjects = onGpu ? (await import('./gpu-objects.mjs')).countGpuObjects() : () => ({})
const { Sail } = await import('../dist/node.js')

const images = ['noise-40x26.png', 'noise-17x25.jpg'].map((name) => join(root, 'golden', 'cases', 'images', name))
const words = ['what', 'is', 'in', 'the', 'hat', '?', 'how many', '図', '🙂', '']
const { random, below, pick } = seeded(Number(flags.seed))
const ends = { whole: 0, aborted: 0, partial: 0, left: 0, threw: 0, features: 0, trace: 0, refused: 0 }
const lasting = new AbortController()

for (const stream of [process.stdout, process.stderr]) stream.write('') // opens it
await sleep(100)
const handlesBefore = process.getActiveResourcesInfo().sort().join()
const threads = flags.threads === 'auto' ? 'auto' : Number(flags.threads)
const sail = await Sail.load(flags.model, { backend: flags.backend, threads })
const start = performance.now()
/** Sides of pictures, and tokens of answers: plain loops take their time, and a software adapter more. */
const most = flags.backend === 'wasm' ? 400 : onGpu ? 56 : 130
const [longest, usual] = onGpu ? [24, 6] : [200, 24]
const largest = { image: rgb(most, most), prompt: 'what is it? '.repeat(8) }
for (const question of [largest, { prompt: largest.prompt }])
  for (const sampling of [{}, { temperature: 1.5, seed: 1 }])
    await sail.ask(question, { maxNewTokens: 32, signal: lasting.signal, ...sampling })
await sail.features(largest.image, { signal: lasting.signal })
await sail.trace(largest, { stages: ['**.out'] })
// Dawn hands what is written to a device through a ring of 4 MiB, whose pages count from the first time that it comes round:
// RSS rose from 133.7 to 141.2 MB over 450 aborted generations, of which 4.1 MB were this ring, and stood still until 600
// with malloc's heap flat from the start. 100 of the largest questions write 4.7 MB.
for (let i = 0; onGpu && generations >= 200 && i < 100; i++) await sail.ask(largest, { maxNewTokens: 1 })
let early
const looks = []
const step = Math.max(1, Math.floor((generations - after) / 50))
for (let i = 2; i <= generations; i++) {
  await generation(i <= after ? i : null)
  if (i === after) early = await measure()
  if ((generations - i) % step === 0 && generations - i < 5 * step) looks.push(await measure())
}
const late = least(looks)
await sail.close()
await sleep(100)
const threadsLeft = threadCount()
const handlesAfter = process.getActiveResourcesInfo().sort().join()

const team = sail.info.backend === 'wasm' ? sail.info.threads : 0
const percent = (name) => (100 * (late[name] - early[name])) / early[name]
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
const faults = []
for (const name of ['rss', 'heap']) {
  console.log(
    `${name.padEnd(9)} ${megabytes(early[name])} after ${after}, ${megabytes(late[name])} after ${generations}: ${percent(name).toFixed(2)} %`,
  )
  if (!(percent(name) <= tolerance)) faults.push(`${name} grew`)
}
for (const [name, count] of Object.entries(late.gpu)) {
  console.log(`gpu       ${name}: ${early.gpu[name]} after ${after}, ${count} after ${generations}`)
  const room = name === 'bytes' ? 1 + tolerance / 100 : 1 // buffers grow to the largest value that they meet, and stay
  if (!(count <= early.gpu[name] * room)) faults.push(`${name} on the GPU grew`)
}
if (onGpu && gpuObjects().buffers !== 0) faults.push('buffers are left on the GPU')
console.log(
  `threads   ${early.threads} after ${after}, ${late.threads} after ${generations}, ${threadsLeft} after close`,
)
if (late.threads !== early.threads) faults.push('the number of threads changed')
if (threadsLeft !== null && threadsLeft > late.threads - team) faults.push('threads are left')
const listeners = getEventListeners(lasting.signal, 'abort').length
console.log(`handles   [${handlesAfter}] after close, [${handlesBefore}] before loading; ${listeners} listeners`)
if (handlesAfter !== handlesBefore) faults.push('handles are left')
if (listeners > 0) faults.push('listeners are left')
const counts = Object.entries(ends).map(([name, count]) => `${count} ${name}`)
const { backend, kernels, weights } = sail.info
console.log(
  `soak of ${generations} generations on ${backend} (${kernels}, ${weights}, ${team} workers), seed ${flags.seed}, ${((performance.now() - start) / 1000).toFixed(0)} s: ${counts.join(', ')}`,
)
console.log(faults.length === 0 ? 'nothing was kept' : `FAILED: ${faults.join(', ')}`)
process.exitCode = faults.length === 0 ? 0 : 1
// Fires only when something else keeps the process alive.
setTimeout(() => {
  console.log('FAILED: the process does not end')
  process.exit(1)
}, 10_000).unref()

/** One question and its end: the next in turn, or any. Whatever is thrown that was not asked for ends the soak. */
async function generation(turn) {
  const image =
    random() < 0.2 ? undefined : random() < 0.4 ? pick(images) : rgb(14 + below(most - 14), 14 + below(most - 14))
  const prompt = Array.from({ length: below(12) }, () => pick(words)).join(' ')
  const question = { prompt, ...(image !== undefined && { image }) }
  const sampling = random() < 0.5 ? {} : { temperature: 1.5, seed: below(1e6) }
  const options = { maxNewTokens: turn === null ? 1 + below(usual) : longest, signal: lasting.signal, ...sampling }
  const kind = turn === null ? below(10) : turn % 10
  if (kind === 0 && image !== undefined) return done('features', await sail.features(image, { signal: lasting.signal }))
  if (kind === 1) return done('trace', await leave(sail.traceStream(question, { stages: ['**.out'] }), 1 + below(8)))
  if (kind === 2) return done('left', await leave(sail.stream(question, options), 1 + below(4)))
  if (kind === 3) {
    const loop = async () => {
      for await (const _ of sail.stream(question, options)) throw ends
    }
    return expectThrown(loop(), ends, 'threw')
  }
  if (kind === 4) return expectThrown(sail.ask({ image: 'no such file.png', prompt }), 'E_IMAGE_MISSING', 'refused')
  if (kind > 6) return done('whole', await sail.ask(question, options))
  const control = new AbortController()
  const timer = setTimeout(() => control.abort(control), random() * 30)
  const aborted = { ...options, signal: control.signal, onAbort: kind === 5 ? 'throw' : 'return' }
  try {
    const { finishReason } = await sail.ask(question, aborted)
    return done(finishReason === 'abort' ? 'partial' : 'whole')
  } catch (error) {
    if (error !== control) throw error
    done('aborted')
  } finally {
    clearTimeout(timer)
  }
}

function done(name) {
  ends[name]++
}

async function leave(items, count) {
  for await (const _ of items) if (--count === 0) return
}

async function expectThrown(promise, wanted, name) {
  try {
    await promise
  } catch (error) {
    if (error !== wanted && error.code !== wanted) throw error
    done(name)
  }
}

/** Noise, so that nothing is like anything before. */
function rgb(width, height) {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => below(256)) }
}

/** After collections, the least of many looks: what is in use, not what happens to lie about. */
async function measure() {
  const looks = []
  for (let i = 0; i < 20; i++) {
    globalThis.gc()
    await sleep(40)
    const { rss, heapUsed, external } = process.memoryUsage()
    const code = getHeapCodeStatistics()
    const compiled = code.code_and_metadata_size + code.bytecode_and_metadata_size
    looks.push({ rss, heap: heapUsed + external - compiled, threads: threadCount(), gpu: gpuObjects() })
  }
  return least(looks)
}

/** The least of each figure, of threads the most. */
function least(looks) {
  const of = (name, pick, all = looks) => pick(...all.map((look) => look[name]))
  const gpus = looks.map(({ gpu }) => gpu)
  const gpu = Object.fromEntries(Object.keys(gpus[0]).map((name) => [name, of(name, Math.min, gpus)]))
  return { rss: of('rss', Math.min), heap: of('heap', Math.min), threads: of('threads', Math.max), gpu }
}

/** null where the system does not tell. */
function threadCount() {
  try {
    return Number(/^Threads:\s*(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  } catch {
    return null
  }
}

/** Mulberry32: small, seeded, good enough to draw from. */
function seeded(seed) {
  let state = seed >>> 0
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n) => Math.floor(random() * n)
  return { random, below, pick: (list) => list[below(list.length)] }
}
