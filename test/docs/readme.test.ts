// The pages say only what works: the README's command lines and its program run, every flag it names exists, and every
// link and file name in the pages leads somewhere. Placeholders stand for the embedded model where it is there, else for
// a small committed one.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { built, cli } from '../support/cli.ts'
import { root } from '../support/golden.ts'

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const cases = join(root, 'golden', 'cases')
const small = join(cases, 'models', 'tiny-a')
const tiny = join(root, 'golden', 'tiny')
const shipped = existsSync(join(tiny, 'config.json'))

/** Code between fences, indented ones too. */
function fenced(language: string): string[] {
  const blocks = [...readme.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)]
  return blocks.filter(([, , name]) => name === language).map(([, , , code]) => code)
}

/** Words of a command line: quotes taken off, a comment at the end left out. */
function words(line: string): string[] {
  const [code] = line.split(/\s#\s/)
  return [...code.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c)
}

const lines = fenced('').flatMap((block) => block.split('\n').map((line) => line.trim()))
const ofSail = lines.filter((line) => line.startsWith('node dist/cli/sail.js '))

let scratch: string
beforeAll(async () => {
  await built()
  scratch = mkdtempSync(join(tmpdir(), 'sail-readme-'))
  cpSync(join(cases, 'images', 'noise-17x25.jpg'), join(scratch, 'photo.jpg'))
  for (const name of ['photo.f32.safetensors', 'my-port.safetensors'])
    cpSync(join(cases, 'tiny-a-image.f32.safetensors'), join(scratch, name))
}, 120_000)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('the README', () => {
  test('shows verify, diff, inspect, quantize, ask, features and trace', () => {
    const shown = new Set(ofSail.map((line) => words(line)[2]))
    expect([...shown].sort()).toEqual(['ask', 'diff', 'features', 'inspect', 'quantize', 'trace', 'verify'])
  })

  test.each(ofSail)('runs: %s', { timeout: 120_000 }, async (line) => {
    const args = words(line)
      .slice(2)
      .map((word) => (word === 'MODEL' || word === 'DIR' ? small : word))
    // The small model has random weights and finds no end.
    const short = args[0] === 'ask' ? ['--max-new-tokens', '4'] : []
    const { code, stdout, stderr } = await cli([...args, ...short], { cwd: scratch })
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const out = args[args.indexOf('--out') + 1]
    if (args.includes('--out')) expect(existsSync(join(scratch, out))).toBe(true)
    else expect(stdout).not.toBe('')
  })

  test(`runs: the program (${shipped ? 'with the embedded model' : 'with a small one in place of golden/tiny'})`, {
    timeout: 300_000,
  }, () => {
    const [program, ...others] = fenced('ts')
    expect(others).toEqual([])
    const here = program.replace("'sail-ts'", `'${pathToFileURL(join(root, 'dist', 'node.js')).href}'`)
    const code = shipped
      ? here
      : here
          .replaceAll("'golden/tiny/demo/scene.png'", JSON.stringify(join(cases, 'images', 'noise-40x26.png')))
          .replaceAll("'golden/tiny'", JSON.stringify(small))
    const file = join(scratch, 'program.mjs')
    writeFileSync(file, code)
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: root, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('prefix.layers.0.attn_weights')
  })

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
    const named = [...readme.matchAll(/(?:^|`)npm (?:run )?([\w:]+)/gm)].map(([, name]) => name)
    expect(named).toContain('start')
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })

  test('names flags of dump.py that exist', () => {
    const line = lines.find((each) => each.startsWith('python golden/dump.py')) ?? ''
    const source = readFileSync(join(root, 'golden', 'dump.py'), 'utf8')
    const flags = words(line).filter((word) => word.startsWith('--'))
    expect(flags).not.toEqual([])
    expect(flags.filter((flag) => !new RegExp(`["']${flag}["']`).test(source))).toEqual([])
  })
})

const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
const pages = ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'golden/README.md', ...docs.map((name) => `docs/${name}`)]

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8')

  test('links only to files that exist', () => {
    const targets = [...text.matchAll(/\]\((?!\w+:)([^)#\s]+)/g)].map(([, target]) => target)
    expect(targets.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([])
  })

  test('names only files that exist', () => {
    const names = [...text.matchAll(/`((?:src|test|golden|scripts|docs|\.ci)\/[\w./-]*)`/g)].map(([, name]) => name)
    const missing = names.filter((name) => !existsSync(join(root, name)))
    expect(missing.filter((name) => shipped || !name.startsWith('golden/tiny'))).toEqual([])
  })
})
