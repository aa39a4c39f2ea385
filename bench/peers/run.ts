// npm run bench -- peers: other programs on the same sizes in the same run, in turns with ours. What is not installed is
// said and left out.   --install fetches and builds them; gguf_model.py writes the GGUF files.
//   --sail DIR --gguf FILE [--tokens 512] [--context 1024] [--grow 2048] [--steps 32] [--kv f32]   ours, llama.cpp's
//   --layer DIR [--tokens 256,1024]                      one layer: ours, PyTorch's
//   --browser DIR --gguf FILE [--tokens 64] [--steps 12] in Chromium: ours, wllama's (old and current)
//   --onnx [--shape 4096x14336] [--rows 1,64,1024]       one matrix: ours, onnxruntime-web's
// All take [--rounds 2] and [--out FILE].
import { parseArgs } from 'node:util'
import { machine, writeResult } from '../machine.ts'
import { type Flags, options } from './flags.ts'
import { fetchPeers } from './install.ts'

export async function main(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({ args, options })
  if (flags.install) return fetchPeers()
  writeResult(flags.out, { machine: machine(), ...(await chosen(flags)) })
}

async function chosen(flags: Flags): Promise<object> {
  const { sail, layer, browser } = flags
  if (sail !== undefined) return { models: await (await import('./llama.ts')).wholeModels(flags, sail) }
  if (layer !== undefined) return { layer: await (await import('./layer.ts')).oneLayer(flags, layer) }
  if (browser !== undefined) return { browser: await (await import('./wllama.ts')).browsers(flags, browser) }
  if (flags.onnx) return { onnx: await (await import('./onnx.ts')).onnx(flags) }
  throw new Error('peers: one of --sail, --layer, --browser, --onnx or --install is missing')
}
