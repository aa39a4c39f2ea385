// Where the peers are, and how they come there: PyTorch by pip, llama.cpp from the sources that a Python package carries
// (cmake, a C++ compiler and python3 are needed; a quarter of an hour and more on two cores), the rest by npm. Versions are
// those that the README's figures were made with.
import { existsSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { cache } from '../child.ts'
import { install } from '../install.ts'

const at = (...parts: string[]): string => join(cache, ...parts)
const modules = (name: string): string => at('node', 'node_modules', name)

export const places = {
  python: process.env.SAIL_BENCH_PYTHON ?? at('venv', 'bin', 'python'),
  llamaBench: at('llama-build', 'bin', 'llama-bench'),
  wllama2: modules('wllama2'),
  wllama3: modules('wllama3'),
  onnx: modules('onnxruntime-web'),
} as const

/** Whether it is there; says so when it is not. */
export function found(path: string, what: string): boolean {
  const there = existsSync(path)
  if (!there) console.error(`${what} is missing: left out (npm run bench -- peers --install)`)
  return there
}

export function fetchPeers(): void {
  mkdirSync(at('src'), { recursive: true })
  install('python3', ['-m', 'venv', at('venv')])
  const pip = (...args: string[]): void => install(at('venv', 'bin', 'python'), ['-m', 'pip', ...args])
  pip('install', 'torch==2.5.1', 'gguf==0.19.0', 'numpy')
  pip('download', '--no-deps', '--no-binary', ':all:', 'llama-cpp-python==0.3.36', '-d', at('src'))
  install('tar', ['xzf', at('src', 'llama_cpp_python-0.3.36.tar.gz'), '-C', at('src')])
  const vendored = at('src', 'llama_cpp_python-0.3.36', 'vendor', 'llama.cpp')
  const off = ['CURL', 'OPENSSL', 'BUILD_TESTS', 'BUILD_EXAMPLES', 'BUILD_SERVER'].map((name) => `-DLLAMA_${name}=OFF`)
  const flags = ['-DCMAKE_BUILD_TYPE=Release', '-DGGML_NATIVE=ON', '-DBUILD_SHARED_LIBS=OFF', ...off]
  install('cmake', ['-S', vendored, '-B', at('llama-build'), ...flags])
  const parallel = ['--parallel', String(availableParallelism())]
  install('cmake', ['--build', at('llama-build'), '--target', 'llama-bench', ...parallel])
  const packages = ['wllama2@npm:@wllama/wllama@2.3.1', 'wllama3@npm:@wllama/wllama@3.13.0', 'onnxruntime-web@1.30.0']
  install('npm', ['install', '--prefix', at('node'), ...packages])
}
