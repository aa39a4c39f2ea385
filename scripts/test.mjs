// npm test: every tier in order, set up from a fresh clone. `npm test -- unit golden` runs only these tiers.
// The last line is the count that matters: N passed, N failed, N skipped (each skip is listed with its reason above it).
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, install, root } from './setup.mjs'
import { printTable } from './table.mjs'

const bin = (name) => join(root, 'node_modules', '.bin', name)
const vitest = (project) => ({ project })
const tiers = {
  lint: { commands: [[bin('biome'), 'ci', '.'], [bin('knip')]] },
  types: { commands: [[bin('tsc'), '--noEmit']] },
  layering: { commands: [[bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'src', 'test']] },
  unit: vitest('unit'),
  fuzz: vitest('fuzz'),
  pictures: vitest('pictures'),
  golden: vitest('golden'),
  webgpu: vitest('webgpu'),
  package: vitest('package'),
  browser: vitest('browser'),
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in tiers))
if (unknown.length > 0) {
  console.error(`no tier called ${unknown.join(', ')}; there are ${Object.keys(tiers).join(', ')}`)
  process.exit(2)
}

install()
build()
const scratch = mkdtempSync(join(tmpdir(), 'sail-test-'))
const total = { passed: 0, failed: 0, skipped: 0 }
const lines = []
for (const [name, tier] of Object.entries(tiers).filter(([name]) => asked.length === 0 || asked.includes(name))) {
  console.log(`\n== ${name}`)
  const start = Date.now()
  const counts = tier.commands ? runCommands(tier.commands) : runVitest(tier.project)
  printAmounts(name)
  for (const key of Object.keys(total)) total[key] += counts[key]
  const verdict = counts.failed === 0 ? 'ok' : 'FAILED'
  lines.push(
    `${name.padEnd(9)} ${verdict.padEnd(7)} ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped, ${((Date.now() - start) / 1000).toFixed(0)} s`,
  )
}
rmSync(scratch, { recursive: true, force: true })
console.log(`\n${lines.join('\n')}\n`)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

function runCommands(commands) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const [command, ...args] of commands) {
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
    counts[status === 0 ? 'passed' : 'failed']++
  }
  return counts
}

// A vitest run that dies without a report, or that runs nothing, counts as failed.
function runVitest(project) {
  const report = join(scratch, `${project}.json`)
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  mkdirSync(join(scratch, project))
  const { status } = spawnSync(bin('vitest'), args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SAIL_AMOUNTS: join(scratch, project) },
    shell: process.platform === 'win32',
  })
  let found
  try {
    found = JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const tests = found.testResults.flatMap((file) => file.assertionResults)
  const skipped = tests.filter(
    (test) => test.status === 'pending' || test.status === 'skipped' || test.status === 'todo',
  )
  for (const test of skipped) console.log(`skipped: ${test.fullName}`)
  const failed = tests.filter((test) => test.status === 'failed').length
  const passed = tests.filter((test) => test.status === 'passed').length
  return { passed, failed: status === 0 ? failed : Math.max(failed, 1), skipped: skipped.length }
}

// What the tests of a tier counted (test/support/amounts.ts), one table each.
function printAmounts(project) {
  const folder = join(scratch, project)
  const files = existsSync(folder) ? readdirSync(folder).sort() : []
  const tables = new Map()
  for (const { name, head, rows } of files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8'))))
    tables.set(name, [...(tables.get(name) ?? [head]), ...rows])
  for (const [name, rows] of tables) {
    console.log(`\n${name}`)
    printTable(rows, '  ')
  }
}
