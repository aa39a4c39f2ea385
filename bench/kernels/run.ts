// npm run bench -- kernels: the roofs of this machine, each kernel in turns with its roof, then kernels with each other.
//   [--build relaxed|strict] [--threads 2] [--rows 1,64,1024] [--shapes 4096x4096,..] [--kinds f32,q4_int,..]
//   [--attention 1024,1] [--compare yes|no] [--seconds 0.4] [--out FILE]
// --shapes: inner x cols; --attention: queries on 1,024 keys; --seconds: of each row, three turns at least.
import { parseArgs } from 'node:util'
import { measureRoofs } from '../../src/cli/bench/roofs.ts'
import { machine, writeResult } from '../machine.ts'
import { attention } from './attention.ts'
import { comparisons } from './compare.ts'
import { KINDS, type Kind, linear } from './linear.ts'
import type { Comparison, Row } from './rows.ts'
import { type Build, Stage } from './stage.ts'

const SHAPES = '4096x4096,4096x1024,4096x14336,14336x4096,4096x33030'

export async function main(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      build: { type: 'string', default: 'relaxed' },
      threads: { type: 'string', default: '2' },
      rows: { type: 'string', default: '1,64,1024' },
      shapes: { type: 'string', default: SHAPES },
      kinds: { type: 'string', default: KINDS.join() },
      attention: { type: 'string', default: '1024,1' },
      compare: { type: 'string', default: 'yes' },
      seconds: { type: 'string', default: '0.4' },
      out: { type: 'string' },
    },
  })
  const build: Build = flags.build === 'strict' ? 'strict' : 'relaxed'
  const threads = Number(flags.threads)
  const roofs = await measureRoofs(build, threads)
  for (const [name, { median }] of Object.entries(roofs)) console.error(`${name.padEnd(40)} ${median.toFixed(1)}`)
  const stage = await Stage.open(build, threads, roofs, Number(flags.seconds))
  const [rows, compared]: [Row[], Comparison[]] = [[], []]
  const add = (row: Row | null): void => {
    if (row === null) return
    rows.push(row)
    const what = `${row.kernel} ${row.rows} x ${row.inner} x ${row.cols}`
    say(what, `${row.rate.median.toFixed(1)} ${row.unit}, ${(100 * row.share).toFixed(0)} % of ${row.roof}`)
  }
  for (const count of numbers(flags.rows))
    for (const shape of words(flags.shapes))
      for (const kind of words(flags.kinds) as Kind[]) {
        const [inner, cols] = shape.split('x').map(Number)
        add(await linear(stage, kind, { rows: count, inner, cols }))
      }
  for (const S of numbers(flags.attention))
    for (const half of [false, true]) add(await attention(stage, { S, K: 1024, half }))
  if (flags.compare !== 'no')
    await comparisons(stage, (each) => {
      compared.push(each)
      say(each.what, `${each.ratio.toFixed(2)} x ${each.against}`)
    })
  await stage.team.close()
  writeResult(flags.out, { machine: machine(), build, threads, roofs, rows, comparisons: compared })
}

const say = (what: string, figure: string): void => console.error(`${what.padEnd(40)} ${figure}`)
const words = (text: string): string[] => text.split(',').filter((word) => word !== '')
const numbers = (text: string): number[] => words(text).map(Number)
