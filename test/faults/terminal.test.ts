// Names, paths and model text full of what a terminal obeys: on a real one none of it arrives. The run itself may colour
// and draw bars, so colour is off here and bars are looked at alone.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { goldenPath, image, model } from '../cli/tiny-a.ts'
import { built, cli } from '../support/cli.ts'
import { copyOf, dumpBytes, readDump } from '../support/dumps.ts'
import { noTerminal, shown } from './terminal.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const char = String.fromCharCode
const [esc, bell, csi, del, back] = [27, 7, 0x9b, 127, 8].map((code) => char(code))
/** Clears the screen, sets the title, colours by the one-byte CSI, reorders, goes back to the start of the line. */
const nasty = `a${esc}[2J${esc}]0;title${bell}${csi}31m\u202eb\u2066c\rd${del}${back}\ne`
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const live = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

const folder = mkdtempSync(join(tmpdir(), 'sail-terminal-'))
const at = (name: string) => join(folder, name)
const plain = { NO_COLOR: '1' }
const weird = at(`m${nasty}`)

beforeAll(async () => {
  await built()
  cpSync(model, weird, { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The lines of the run; fails when one has a character that a terminal obeys. */
function linesOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): string[] {
  const text = shown(args, { ...plain, ...env })
  expect(live.exec(text)?.index, JSON.stringify(text.slice(0, 300))).toBe(undefined)
  return text.trimEnd().split('\n')
}

describe.skipIf(noTerminal !== null)(`on a terminal${noTerminal === null ? '' : ` (${noTerminal})`}`, () => {
  test.each([
    ['a folder', ['ask', '--prompt', 'x', '--model', at(nasty)]],
    ['an image', ['ask', '--prompt', 'x', '--model', model, '--image', at(nasty)]],
    ['an unknown flag', ['ask', `--${nasty}`]],
    ['a flag value', ['ask', '--model', model, '--prompt', 'x', '--backend', nasty]],
    ['a command', [nasty]],
    ['a stage', ['trace', '--model', model, '--prompt', 'x', '--out', at('x'), '--stages', nasty]],
    ['an output file', ['features', '--model', model, '--image', image, '--out', at(`no/${nasty}`)]],
    ['a dump', ['diff', at(nasty), goldenPath]],
    ['a file of questions', ['ask', '--model', model, '--jsonl', at(nasty), '--quiet']],
  ])('%s that is wrong is one clean line of error', (_, args) => {
    const lines = linesOf(args)
    expect(lines.filter((line) => line.startsWith('sail: E_'))).toHaveLength(1)
    expect(lines.at(-1)).toMatch(/^sail: E_/)
  })

  test('a JSON error names what it cannot show', () => {
    const line = linesOf(['ask', '--prompt', 'x', '--json', '--model', at(nasty), '--quiet']).join('')
    expect(JSON.parse(line).error).toMatchObject({ code: 'E_FILE_MISSING', file: at(nasty) })
  })

  test('model text shows its words and moves no cursor', async () => {
    const flags = [
      '--max-new-tokens',
      '400',
      '--temperature',
      '9',
      '--top-k',
      '0',
      '--seed',
      '147',
      '--quiet',
      '--backend',
      'reference',
    ]
    const args = ['ask', '--model', model, '--prompt', 'x', ...flags]
    const { stdout } = await cli(args)
    expect(stdout).toContain(esc)
    expect(live.test(stdout)).toBe(true)
    linesOf(args)
    const document = linesOf([...args, '--json']).join('')
    expect(JSON.parse(document).text).toBe(stdout.slice(0, -1))
  })

  test('inspect shows a folder, its tensors and what is wrong with them', async () => {
    expect(linesOf(['inspect', '--model', weird]).join()).toContain('nothing is wrong')
    const bad = at('bad')
    cpSync(model, bad, { recursive: true })
    const config = JSON.parse(readFileSync(join(bad, 'config.json'), 'utf8'))
    writeFileSync(join(bad, 'config.json'), JSON.stringify({ ...config, model_type: nasty, [nasty]: nasty }))
    const dump = await readDump(join(model, 'model.safetensors'))
    const [, tensor] = [...dump.tensors][0]
    dump.tensors.set('x\u202e\u2066y', tensor)
    writeFileSync(join(bad, 'model.safetensors'), await dumpBytes(dump))
    const lines = linesOf(['inspect', '--model', bad])
    expect(lines.join()).toContain('wrong: E_')
    expect(lines.join()).toContain('xy')
    linesOf(['inspect', '--model', bad, '--json'])
  })

  test('an index with shards of any name', () => {
    const index = at('index')
    mkdirSync(index)
    cpSync(join(model, 'config.json'), join(index, 'config.json'))
    const map = JSON.stringify({ metadata: {}, weight_map: { [`t${nasty}`]: `${nasty}.safetensors` } })
    writeFileSync(join(index, 'model.safetensors.index.json'), map)
    expect(linesOf(['inspect', '--model', index]).join()).toContain('E_INDEX')
    expect(linesOf(['ask', '--model', index, '--prompt', 'x']).at(-1)).toContain('E_INDEX')
  })

  test('reports of verify and diff, and their notes', async () => {
    const dump = copyOf(await readDump(goldenPath))
    dump.tensors.set('x\u202e\u2066y', dump.tensors.get('grid')!)
    dump.metadata.set('image', nasty)
    const path = at(`d${nasty}.safetensors`)
    writeFileSync(path, await dumpBytes(dump))
    expect(
      linesOf(['verify', '--model', weird, '--golden', path, '--backend', 'reference', '--quiet']).join(),
    ).toContain('pass')
    expect(linesOf(['diff', path, goldenPath, '--quiet']).join()).toContain('all')
  })

  test('notes and the names of files that were written', () => {
    const out = at(`o${nasty}.safetensors`)
    const args = ['--model', weird, '--prompt', 'x', '--stages', 'text.logits', '--out', out]
    expect(linesOf(['trace', ...args, '--quiet'])).toEqual([''])
    const text = shown(['trace', ...args], plain)
    // The bar may hide the cursor, clear its line and show the cursor again; nothing else.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const rest = text.replace(/\u001b\[(\?25[lh]|\d*[GKJAB]|\?7[lh])|\u001b[78]|\r/g, '')
    expect(live.exec(rest), JSON.stringify(rest)).toBe(null)
    expect(rest).toContain('1 tensors in')
  })
})
