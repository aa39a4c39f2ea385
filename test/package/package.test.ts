// The package as its users get it: packed, installed into an empty project, imported, type-checked, bundled.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build as bundle } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../support/golden.ts'

const npm = (args: string[], cwd: string) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
let scratch: string
let project: string
let files: string[]

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'sail-package-'))
  const [packed] = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], root)) as [
    { files: { path: string }[] },
  ]
  files = packed.files.map((file) => file.path)
  const tarball = readdirSync(scratch).find((name) => name.endsWith('.tgz'))
  project = join(scratch, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }')
  npm(['install', '--no-audit', '--no-fund', join(scratch, tarball ?? '')], project)
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function run(args: string[]) {
  return spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' })
}

test('the tarball holds the compiled library, and neither tests nor sources nor the embedded model', () => {
  expect(files).toContain('dist/cli/sail.js')
  expect(files.filter((path) => !/^(dist\/|package\.json$|README|LICENSE|CHANGELOG)/.test(path))).toEqual([])
})

test('publint and are-the-types-wrong find nothing', () => {
  const bin = (name: string) => join(root, 'node_modules', '.bin', name)
  expect(spawnSync(bin('publint'), ['--strict'], { cwd: root, encoding: 'utf8' })).toMatchObject({ status: 0 })
  const attw = spawnSync(bin('attw'), ['--pack', '.', '--profile', 'esm-only'], { cwd: root, encoding: 'utf8' })
  expect(attw.status, attw.stdout + attw.stderr).toBe(0)
})

test('an ES module imports it, and require() of a CommonJS file does too', () => {
  writeFileSync(
    join(project, 'use.mjs'),
    `import { Sail, SailError } from 'sail-ts'\nconsole.log(typeof Sail.load, SailError.name)\n`,
  )
  expect(run(['use.mjs']).stdout).toBe('function SailError\n')
  writeFileSync(join(project, 'use.cjs'), `const { Sail } = require('sail-ts')\nconsole.log(typeof Sail.load)\n`)
  expect(run(['use.cjs']).stdout).toBe('function\n')
})

test('the installed command line prints its version and its help', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const sail = join('node_modules', '.bin', 'sail')
  expect(spawnSync(sail, ['--version'], { cwd: project, encoding: 'utf8' }).stdout.trim()).toBe(version)
  expect(spawnSync(sail, ['--help'], { cwd: project, encoding: 'utf8' }).stdout).toContain('verify')
})

for (const [module, resolution] of [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const) {
  test(`TypeScript with module resolution ${resolution} accepts the types without skipLibCheck`, () => {
    writeFileSync(
      join(project, 'use.ts'),
      `import { Sail, type Answer, type Piece } from 'sail-ts'
export async function main(): Promise<Answer> {
  const sail = await Sail.load('model', { onProgress: ({ phase, loaded }) => void [phase, loaded] })
  for await (const piece of sail.stream({ prompt: 'hi' })) { const p: Piece = piece; void p.text.length }
  return sail.ask({ image: new Uint8Array(3), prompt: 'hi' }, { maxNewTokens: 3 })
}
`,
    )
    const args = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable,esnext.disposable']
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const found = run([tsc, ...args, '--module', module, '--moduleResolution', resolution, 'use.ts'])
    expect(found.stdout).toBe('')
    expect(found.status).toBe(0)
  })
}

test('a bundler builds a page from the browser entry without any node: module', async () => {
  writeFileSync(join(project, 'page.js'), `import { Sail } from 'sail-ts'\nglobalThis.Sail = Sail\n`)
  writeFileSync(join(project, 'index.html'), '<!doctype html><script type="module" src="./page.js"></script>')
  await bundle({ root: project, logLevel: 'silent', configFile: false, build: { minify: false } })
  const assets = join(project, 'dist', 'assets')
  const text = readdirSync(assets)
    .map((name) => readFileSync(join(assets, name), 'utf8'))
    .join('\n')
  expect(text).not.toMatch(/__vite-browser-external|from\s*['"]node:/)
  cpSync(assets, join(scratch, 'assets'), { recursive: true })
})
