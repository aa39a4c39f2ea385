// The layering of src/, checked: each folder lists what it may import; everything else is an error.
const may = {
  config: [],
  image: ['config'],
  tokenizer: ['config'],
  sequence: ['config'],
  weights: ['config'],
  graph: ['config'],
  model: ['graph', 'config'],
  backends: ['graph', 'config', 'weights/formats'],
  generate: ['model', 'graph', 'config', 'backends/backend\\.ts', 'api\\.ts'],
}
const inside = (folder) => `^src/${folder}/`
const base = '^src/(errors|tensor)\\.ts$'

const layers = Object.entries(may).map(([folder, allowed]) => ({
  name: `layer-${folder}`,
  comment: `src/${folder} may import ${['errors', 'tensor', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: inside(folder) },
  to: { path: '^src/', pathNot: [base, inside(folder), ...allowed.map((a) => `^src/${a}`)] },
}))

module.exports = {
  forbidden: [
    ...layers,
    { name: 'base', severity: 'error', from: { path: base }, to: { path: '^src/', pathNot: base } },
    {
      name: 'facade-users',
      comment: 'verify and cli stand on sail.ts; they may also read safetensors files and the stage table',
      severity: 'error',
      from: { path: '^src/(verify|cli|server|page)/' },
      to: {
        path: '^src/(image|tokenizer|sequence|weights|graph|model|backends|generate)/',
        pathNot: ['^src/weights/safetensors', '^src/graph/stages'],
      },
    },
    {
      name: 'no-node-in-the-core',
      comment: 'what index.ts reaches runs in browsers: node: modules belong to node.ts, cli and src/node/',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(node\\.ts|node/|cli/|server/)' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'no-circular', severity: 'error', from: { pathNot: 'node_modules' }, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
