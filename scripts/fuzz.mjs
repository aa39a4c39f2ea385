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
import { printTable } from './table.mjs'

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
  if (values.json) console.log(JSON.stringify({ rows, table: tableOf(rows) }))
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

/** One row a parser, the head first: what the mutations did, and then the extreme inputs. */
function tableOf(rows) {
  const head = [
    'parser',
    'mutations',
    'found before',
    'accepted',
    'codes',
    'escapes',
    'hangs',
    'worst CPU',
    'worst memory',
  ]
  const ms = (value) => `${value.toFixed(0)} ms`
  const mb = (value) => `${(value / 1e6).toFixed(1)} MB`
  const cells = rows.map((row) => [
    ...[row.parser, row.mutations, row.kept, row.accepted, row.codes],
    ...[row.found.filter(({ kind }) => kind === 'escape' || kind === 'promise').length, row.hangs],
    ...[ms(row.worstMs), mb(row.worstBytes), row.extremes, ms(row.extremeMs), mb(row.extremeBytes)],
  ])
  return [[...head, 'extremes', 'worst CPU', 'worst memory beyond twice the output'], ...cells]
}

function print(rows) {
  printTable(tableOf(rows))
  for (const { parser, found } of rows)
    for (const { index, kind, detail, file } of found)
      console.log(`${parser} input ${index}: ${kind}: ${detail}\n  kept as ${file}`)
}
