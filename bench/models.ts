// npm run bench -- models: whole checkpoints by `sail bench`, one process each, some kinds of op by name.
//   --model DIR [--patches 254,1022] [--steps 32] [--runs 3] [--threads 2] [--kernels auto] [--weights exact] [--engine 24]
//   [--label TEXT] [--out FILE]            --engine: a Node that `engines --install` has fetched, else this one
import { parseArgs } from 'node:util'
import { engines, sailBench } from './child.ts'
import { machine, writeResult } from './machine.ts'

export async function main(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      model: { type: 'string' },
      patches: { type: 'string', default: '254,1022' },
      steps: { type: 'string', default: '32' },
      runs: { type: 'string', default: '3' },
      threads: { type: 'string', default: '2' },
      kernels: { type: 'string', default: 'auto' },
      weights: { type: 'string', default: 'exact' },
      engine: { type: 'string' },
      label: { type: 'string', default: '' },
      out: { type: 'string' },
    },
  })
  const { model, engine, label, out, ...passed } = flags
  if (model === undefined) throw new Error('models: --model DIR is missing')
  const node = engine === undefined ? process.execPath : engines().get(engine)
  if (node === undefined) throw new Error(`models: Node ${engine} is not installed: npm run bench -- engines --install`)
  const report = await sailBench(
    model,
    Object.entries(passed).flatMap(([name, value]) => [`--${name}`, value]),
    node,
  )
  writeResult(out, { ...report, machine: machine(), label })
}
