// npm run bench -- all: every result file of the README, one command after the other, on the models of README.md beside this
// file; about half an hour. A command whose model is not there is said and left out.
//   [--models DIR] [--out bench/results] [--only kernels-relaxed,engines,..]
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cache, engines } from './child.ts'

/** Arguments by result; `@name` is a model. */
export const commands: Readonly<Record<string, string>> = {
  'kernels-relaxed': 'kernels',
  'kernels-strict': 'kernels --build strict',
  'kernels-strict-node20':
    'kernels --build strict --rows 1,1024 --shapes 4096x4096,4096x14336 --kinds f32,bf16,q8_int,q4_int',
  'peers-onnx': 'peers --onnx',
  'peers-layer': 'peers --layer @4lv8k-q4',
  'peers-browser': 'peers --browser @4lv8k-q4 --gguf @4lv8k-q4_0.gguf',
  engines: 'engines --model @4lv8k-q4',
  'models-fixed-cost': 'models --model @tiny32 --weights q4 --patches 30 --steps 1000',
  webgpu: 'webgpu --inner 1024 --cols 1024 --rows 16',
  'loading-7b-q4': 'loading --model @7b-q4',
  'peers-7b-q4': 'peers --sail @7b-q4 --gguf @7b-q4_0.gguf --grow 2048',
  'peers-7b-q8': 'peers --sail @7b-q8 --gguf @7b-q8_0.gguf --grow 2048 --rounds 1',
  'models-7b-q4': 'models --model @7b-q4 --patches 254 --steps 16 --runs 1',
  'models-7b-packing': 'models --model @7b-bf16 --weights q4 --patches 30 --steps 4 --runs 1',
}

export async function main(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      models: { type: 'string', default: join(cache, 'models') },
      out: { type: 'string', default: join('bench', 'results') },
      only: { type: 'string', default: Object.keys(commands).join() },
    },
  })
  const failed = flags.only.split(',').filter((name) => !run(name, flags.models, flags.out))
  if (failed.length === 0) return
  console.error(`not measured: ${failed.join(', ')}`)
  process.exitCode = 1
}

function run(name: string, models: string, out: string): boolean {
  const command = commands[name]
  if (command === undefined) throw new Error(`all: expected some of ${Object.keys(commands).join(', ')}, found ${name}`)
  const words = command.split(' ').map((word) => (word.startsWith('@') ? join(models, word.slice(1)) : word))
  const missing = words.find((word) => word.startsWith(models) && !existsSync(word))
  if (missing !== undefined) {
    console.error(`${name}: ${missing} is not there`)
    return false
  }
  const version = name.endsWith('node20') ? '20' : '24'
  const node = engines().get(version)
  if (node === undefined) {
    console.error(`${name}: Node ${version} is not there: npm run bench -- engines --install`)
    return false
  }
  const start = performance.now()
  console.error(`\n${name}: ${command}`)
  const self = fileURLToPath(new URL('./run.js', import.meta.url))
  const { status } = spawnSync(node, [self, ...words, '--out', join(out, `${name}.json`)], { stdio: 'inherit' })
  console.error(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`)
  return status === 0
}
