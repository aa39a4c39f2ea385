// npm start: from a fresh clone to an answer. Without arguments it asks the embedded model about a bundled picture;
// `npm start -- --image my.jpg --prompt "..."` takes your own, `-- --model DIR` your own checkpoint.
import { spawnSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { build, install, root } from './setup.mjs'

install()
build()

const given = process.argv.slice(2)
const has = (flag) => given.some((arg) => arg === flag || arg.startsWith(`${flag}=`))
const tiny = relative(process.cwd(), join(root, 'golden', 'tiny')) || '.'
const demo = {
  image: join(tiny, 'demo', 'scene.png'),
  prompt: 'Where is the blue square relative to the green triangle?',
}
const args = [...given]
if (!has('--model')) args.push('--model', tiny)
if (!has('--prompt') && !has('--jsonl')) {
  args.push('--prompt', has('--image') ? 'Describe the image.' : demo.prompt)
  if (!has('--image') && !has('--model')) args.push('--image', demo.image)
}
const shown = args.includes(demo.image) ? `\npicture: ${demo.image}\nprompt:  ${demo.prompt}\n` : ''
process.stderr.write(shown)

const { status, signal } = spawnSync(process.execPath, [join(root, 'dist', 'cli', 'sail.js'), 'ask', ...args], {
  stdio: 'inherit',
})
if (signal) process.kill(process.pid, signal)
if (status === 0 && given.length === 0) {
  process.stderr.write(`
Next:
  npm start -- --image my.jpg --prompt "How many objects are there?"      your own picture (the tiny model knows coloured shapes and digits)
  node dist/cli/sail.js trace --model ${tiny} --image ${demo.image} --prompt "${demo.prompt}" --stages 'prefix.layers.*.attn_weights' --out trace.safetensors
  node dist/cli/sail.js verify --model MODEL --golden DUMP.safetensors     hold your port's dump against this one
`)
}
process.exitCode = status ?? 1
