// The flags of `peers`; run.ts says what each is for.
import type { parseArgs } from 'node:util'

export const options = {
  install: { type: 'boolean' },
  onnx: { type: 'boolean' },
  sail: { type: 'string' },
  layer: { type: 'string' },
  browser: { type: 'string' },
  gguf: { type: 'string' },
  tokens: { type: 'string' },
  context: { type: 'string', default: '1024' },
  grow: { type: 'string' },
  steps: { type: 'string' },
  kv: { type: 'string', default: 'f32' },
  shape: { type: 'string', default: '4096x14336' },
  rows: { type: 'string', default: '1,64,1024' },
  rounds: { type: 'string', default: '2' },
  out: { type: 'string' },
} as const

export type Flags = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']
