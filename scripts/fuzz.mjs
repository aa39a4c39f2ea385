// npm run fuzz -- [--count N] [--seed S] [--parser NAME] [--json]: seeded mutation fuzzing of every parser, each in a process
// of its own, as many at once as there are cores. Inputs that break a property are kept under test/fixtures/fuzz/ (or in
// --keep DIR), where every later run begins with them. Exit 1 if any was found. The parser `faulty` is test/fuzz's own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { root } from './setup.mjs'

const names = [
  'safetensors',
  'torch .bin',
  'shard index',
  'config.json',
  'tokenizer.json',
  'PNG',
  'JPEG',
  'golden files',
]
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    parser: { type: 'string', multiple: true },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const [count, seed] = [Number(values.count), Number(values.seed)]
if (!(Number.isInteger(count) && count >= 1 && Number.isInteger(seed))) usage('--count and --seed take whole numbers')
const chosen =
  values.parser === undefined
    ? names
    : [...names, 'faulty'].filter((name) =>
        values.parser.some((part) => name.toLowerCase().startsWith(part.toLowerCase())),
      )
if (chosen.length === 0) usage(`--parser takes the beginning of one of ${names.join(', ')}`)

const scratch = mkdtempSync(join(tmpdir(), 'sail-fuzz-'))
try {
  const bundle = await bundled()
  const rows = await all(chosen, (name) => fuzz(bundle, name))
  if (values.json) console.log(JSON.stringify(rows))
  else print(rows)
  process.exitCode = rows.some(({ found }) => found.length > 0) ? 1 : 0
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function usage(text) {
  console.error(text)
  process.exit(2)
}

/** test/fuzz/main.ts and the sources under test as one module. */
async function bundled() {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: 'test/fuzz/main.ts',
      outDir: scratch,
      emptyOutDir: false,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'fuzz.mjs' } },
    },
  })
  return join(scratch, 'fuzz.mjs')
}

async function all(items, work) {
  const results = new Array(items.length)
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const i = next++
      results[i] = await work(items[i])
    }
  }
  await Promise.all(Array.from({ length: Math.min(items.length, availableParallelism()) }, lane))
  return results
}

function fuzz(bundle, parser) {
  const keep = values.keep ?? join(root, 'test', 'fixtures', 'fuzz', parser.replaceAll(/[^a-z]+/gi, '-').toLowerCase())
  const options = JSON.stringify({ parser, seed, count, root, keep })
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', bundle, options], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (part) => {
      text += part
    })
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(text))
      else reject(new Error(`the fuzzer of ${parser} ended with ${signal ?? code}`))
    })
  })
}

function print(rows) {
  console.log('parser          inputs   accepted  codes  escapes  hangs  worst CPU  worst memory')
  for (const { parser, inputs, accepted, codes, hangs, worstMs, worstBytes, found } of rows) {
    const cells = [
      parser.padEnd(14),
      inputs,
      accepted,
      codes,
      found.length - hangs,
      hangs,
      `${worstMs.toFixed(0)} ms`,
      `${(worstBytes / 1e6).toFixed(1)} MB`,
    ]
    console.log(cells.map((cell, i) => String(cell).padStart([0, 8, 10, 6, 8, 6, 10, 13][i])).join(' '))
  }
  for (const { parser, found } of rows)
    for (const { index, kind, detail, file } of found)
      console.log(`${parser} input ${index}: ${kind}: ${detail}\n  kept as ${file}`)
}
