// npm run bench -- peers: other programs on the same sizes in the same run, in turns with `sail bench`. What is not installed
// is said and left out.   --install fetches and builds them (cmake, a C++ compiler and python3 are needed; llama.cpp takes
// a quarter of an hour and more on two cores). gguf_model.py writes the GGUF files.
//   --sail DIR --gguf FILE [--tokens 512] [--steps 32] [--rounds 2]   whole models: ours, llama.cpp's
//   --layer DIR [--tokens 256,1024]                                   one layer: ours, PyTorch's
//   --browser DIR --gguf FILE [--tokens 128] [--steps 20]             in Chromium: ours, wllama's
import { existsSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { rateOf, type Spread, spread } from '../../src/cli/bench/spread.ts'
import { inChromium } from '../browser/run.ts'
import { cache, runJson, sailBench } from '../child.ts'
import { install } from '../install.ts'
import { machine, writeResult } from '../machine.ts'

const python = process.env.SAIL_BENCH_PYTHON ?? join(cache, 'venv', 'bin', 'python')
const llamaBench = join(cache, 'llama-build', 'bin', 'llama-bench')
const wllama = join(cache, 'node', 'node_modules', 'wllama2')
const options = {
  install: { type: 'boolean' },
  sail: { type: 'string' },
  layer: { type: 'string' },
  browser: { type: 'string' },
  gguf: { type: 'string' },
  tokens: { type: 'string' },
  steps: { type: 'string', default: '32' },
  rounds: { type: 'string', default: '2' },
  out: { type: 'string' },
} as const

type Flags = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

export async function main(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({ args, options })
  if (flags.install) return fetchPeers()
  const result = { machine: machine(), ...(await chosen(flags)) }
  writeResult(flags.out, result)
}

async function chosen(flags: Flags): Promise<object> {
  if (flags.sail !== undefined) return { models: wholeModels(flags, flags.sail) }
  if (flags.layer !== undefined) return { layer: oneLayer(flags, flags.layer) }
  if (flags.browser !== undefined) return { browser: await browsers(flags, flags.browser) }
  throw new Error('peers: one of --sail, --layer, --browser or --install is missing')
}

/** Rounds of ours and llama.cpp's in turns, in tokens a second. */
function wholeModels({ gguf, tokens = '512', steps, rounds }: Flags, model: string): object {
  const ours: { prefix: number[]; decode: number[] } = { prefix: [], decode: [] }
  const theirs: { prefix: number[]; decode: number[] } = { prefix: [], decode: [] }
  const peer = gguf !== undefined && found(llamaBench, 'llama.cpp') && found(gguf, 'the GGUF file')
  for (let n = 0; n < Number(rounds); n++) {
    const flags = ['--patches', String(Number(tokens) - 2), '--steps', steps, '--runs', '1', '--threads', '2']
    const { prefix, decode } = sailBench(model, flags)
    ours.prefix.push(prefix[0].tokens / prefix[0].seconds.median)
    ours.decode.push(1 / decode.seconds.median)
    if (!peer) continue
    const args = ['-m', gguf, '-t', '2', '-p', tokens, '-n', steps, '-r', '1', '-o', 'json']
    for (const test of runJson(llamaBench, args) as { n_prompt: number; avg_ts: number }[])
      (test.n_prompt > 0 ? theirs.prefix : theirs.decode).push(test.avg_ts)
  }
  return { tokens: Number(tokens), ours: spreads(ours), ...(peer && { llama: spreads(theirs) }) }
}

function spreads({ prefix, decode }: { prefix: number[]; decode: number[] }): Record<'prefix' | 'decode', Spread> {
  return { prefix: spread(prefix), decode: spread(decode) }
}

/** Tokens a second of one layer. */
function oneLayer({ tokens = '256,1024' }: Flags, model: string): object {
  const sizes = tokens.split(',').map(Number)
  const patches = sizes.map((count) => count - 2).join()
  const { layer, model: info } = sailBench(model, [
    '--patches',
    patches,
    '--steps',
    '30',
    '--runs',
    '3',
    '--threads',
    '2',
  ])
  const prefix = Object.fromEntries(layer.prefix.map((each) => [each.tokens, rateOf(each.tokens, each.seconds)]))
  const ours = { info, prefix, decode: rateOf(1, layer.decode) }
  if (!found(python, 'PyTorch')) return { ours }
  const script = join('bench', 'peers', 'torch_layer.py')
  const times = runJson(python, [
    script,
    '--tokens',
    tokens,
    '--context',
    String(sizes.at(-1)),
    '--runs',
    '3',
  ]) as TorchTimes
  const torch = (name: 'f32' | 'bf16'): object => ({
    prefix: Object.fromEntries(sizes.map((count) => [count, rateOf(count, spread(times.prefix[count][name]))])),
    decode: rateOf(1, spread(times.decode[name])),
  })
  return { ours, torch: { version: times.torch, f32: torch('f32'), bf16: torch('bf16') } }
}

interface TorchTimes {
  readonly torch: string
  readonly prefix: Readonly<Record<number, Readonly<Record<'f32' | 'bf16', readonly number[]>>>>
  readonly decode: Readonly<Record<'f32' | 'bf16', readonly number[]>>
}

async function browsers({ gguf, tokens = '128', steps }: Flags, model: string): Promise<object> {
  const job = { tokens: Number(tokens), steps: Number(steps), runs: 3 }
  const ours = await inChromium({ ...job, model })
  if (gguf === undefined || !found(wllama, 'wllama')) return { tokens: job.tokens, ours }
  return { tokens: job.tokens, ours, wllama: await inChromium({ ...job, model: gguf, wllama }) }
}

function found(path: string, what: string): boolean {
  const there = existsSync(path)
  if (!there) console.error(`${what} is not installed (${path} is missing): left out`)
  return there
}

/** Versions are those that the README's figures were made with. */
function fetchPeers(): void {
  const at = (...parts: string[]): string => join(cache, ...parts)
  mkdirSync(at('src'), { recursive: true })
  install('python3', ['-m', 'venv', at('venv')])
  const pip = [at('venv', 'bin', 'python'), '-m', 'pip'] as const
  install(pip[0], [...pip.slice(1), 'install', 'torch==2.5.1', 'gguf==0.19.0', 'numpy'])
  const source = ['download', '--no-deps', '--no-binary', ':all:', 'llama-cpp-python==0.3.36', '-d', at('src')]
  install(pip[0], [...pip.slice(1), ...source])
  install('tar', ['xzf', at('src', 'llama_cpp_python-0.3.36.tar.gz'), '-C', at('src')])
  const vendored = at('src', 'llama_cpp_python-0.3.36', 'vendor', 'llama.cpp')
  const off = ['CURL', 'OPENSSL', 'BUILD_TESTS', 'BUILD_EXAMPLES', 'BUILD_SERVER'].map((name) => `-DLLAMA_${name}=OFF`)
  const flags = ['-DCMAKE_BUILD_TYPE=Release', '-DGGML_NATIVE=ON', '-DBUILD_SHARED_LIBS=OFF', ...off]
  install('cmake', ['-S', vendored, '-B', at('llama-build'), ...flags])
  install('cmake', [
    '--build',
    at('llama-build'),
    '--target',
    'llama-bench',
    '--parallel',
    String(availableParallelism()),
  ])
  const packages = ['wllama2@npm:@wllama/wllama@2.3.1', 'wllama3@npm:@wllama/wllama@3.13.0', 'onnxruntime-web@1.30.0']
  install('npm', ['install', '--prefix', at('node'), ...packages])
}
