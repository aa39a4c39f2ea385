// npm run bench -- COMMAND [flags]; README.md beside this file says what there is.
const commands: Readonly<Record<string, () => Promise<{ main(args: string[]): Promise<void> }>>> = {
  synthetic: () => import('./synthetic.ts'),
  report: () => import('./report.ts'),
  kernels: () => import('./kernels/run.ts'),
  all: () => import('./all.ts'),
  engines: () => import('./engines.ts'),
  ours: () => import('./ours.ts'),
  peers: () => import('./peers/run.ts'),
  loading: () => import('./loading.ts'),
  models: () => import('./models.ts'),
  webgpu: () => import('./kernels/webgpu.ts'),
}

const [name, ...args] = process.argv.slice(2)
const command = commands[name ?? '']
if (command === undefined) {
  console.error(`expected one of ${Object.keys(commands).join(', ')}, found ${name ?? 'nothing'}`)
  process.exitCode = 2
} else await (await command()).main(args)
