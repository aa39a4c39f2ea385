// The linear kernels as shares of this machine's roofs, measured in the same run, on the layers of a 7B model.
//   node bench/kernels/linear.mjs [--build relaxed|strict] [--threads 1] [--runs 30] [--rows 1024,64] [--cols 1024] [--clock wall|cpu] [--json]
// Matmul: `rows` x inner times a slice of `cols` columns of the weight (its rate does not depend on how many follow).
// Matvec: one row against 1 GB of panels, so that they come from memory; beside it against panels that stay in the cache.
// Every kernel is checked against plain sums before it is timed. Matmul counts 2 operations a product, matvec weight bytes.
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { computeRoof, computeRoofs, readRoof } from './roofs.mjs'
import { createTeam, rate } from './team.mjs'

const { values: flags } = parseArgs({
  options: {
    build: { type: 'string', default: 'relaxed' },
    threads: { type: 'string', default: '1' },
    runs: { type: 'string', default: '30' },
    rows: { type: 'string', default: '1024,64' },
    cols: { type: 'string', default: '1024' },
    clock: { type: 'string', default: 'wall' },
    json: { type: 'boolean', default: false },
  },
})
const [threads, runs, cols] = [flags.threads, flags.runs, flags.cols].map(Number)
const INNER = 4096
const REGION = 1_000_000_000
const [ARENA, BASE] = [1 << 20, 1 << 28]
const team = await createTeam(flags.build, threads, BASE + REGION + (1 << 20), flags.clock)
const { kernels } = team
const f32 = new Float32Array(team.memory.buffer)
const bytes = new Uint8Array(team.memory.buffer)
const rows = []

/** Values in -0.5 .. 0.5, all different. */
function fill(at, count) {
  for (let i = 0; i < count; i++) f32[at / 4 + i] = (Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 24 - 0.5
}

/** `panels` copies of one packed panel at `at`, from 8 rows of values. */
function fillPanels(format, at, panels) {
  const size = kernels[`panel_bytes_${format}`](INNER)
  kernels[`pack_${format}`](at, ARENA, 0, INNER, 8)
  for (let n = 1; n < panels; n *= 2) bytes.copyWithin(at + n * size, at, at + Math.min(n, panels - n) * size)
  return size
}

/** Panels [from, to) of each thread. */
const shares = (panels) =>
  Array.from({ length: threads }, (_, t) => [
    Math.floor((panels * t) / threads),
    Math.floor((panels * (t + 1)) / threads),
  ])

/** Ends the bench when outputs are further than 1 % (f32) or 4 % (quantised) of their size from plain sums. */
function check(name, out, x, count, limit) {
  let [difference, size] = [0, 0]
  for (let r = 0; r < count; r++)
    for (let c = 0; c < 8; c++) {
      let sum = 0
      for (let i = 0; i < INNER; i++) sum += f32[x / 4 + r * INNER + i] * f32[ARENA / 4 + c * INNER + i]
      difference += (sum - f32[out / 4 + r * cols + c]) ** 2
      size += sum ** 2
    }
  if (!(Math.sqrt(difference / size) <= limit)) throw new Error(`${name} is wrong: ${Math.sqrt(difference / size)}`)
}

function report(row, roof) {
  const share = roof && row.median / roof.median
  rows.push({ ...row, share })
  const percent = share ? `${(100 * share).toFixed(0).padStart(4)} % of ${row.roof}` : ''
  const spread = `(${row.p10.toFixed(1)} to ${row.p90.toFixed(1)})`
  if (!flags.json)
    console.log(row.name.padEnd(34), row.median.toFixed(1).padStart(7), row.unit, spread.padEnd(18), percent)
}

const limitOf = (name) => (/q4/.test(name) ? 0.12 : /q8/.test(name) ? 0.03 : 0.01)
fill(ARENA, 8 * INNER)
fill(BASE, REGION / 4)
const roofs = {}
for (const name of computeRoofs) {
  roofs[name] = await computeRoof(team, flags.build, name, Math.min(runs, 15))
  if (roofs[name]) report({ name, unit: 'GOP/s ', ...roofs[name] })
}

const X = ARENA + 32 * INNER
const roofOf = { f32: 'madd_roof', bf16: 'madd_roof', q8: 'madd_roof', q4: 'madd_roof' }
const intRoof = flags.build === 'strict' ? 'dot_i16x8_roof' : 'dot_i32_roof'
Object.assign(roofOf, { q8_int: intRoof, q4_int: intRoof, q8_fused: intRoof, q4_fused: intRoof })
for (const count of flags.rows.split(',').map(Number)) {
  const XQ = X + count * INNER * 4
  const OUT = XQ + count * kernels.quantized_row_bytes(INNER)
  const SCRATCH = OUT + count * cols * 4
  fill(X, count * INNER)
  for (const [kind, roof] of Object.entries(roofOf)) {
    const format = kind.split('_')[0]
    fillPanels(format, BASE, Math.ceil(cols / 8))
    if (kind !== format) kernels[`quantize_rows_${format}`](XQ, X, INNER, 0, count)
    const x = kind === format ? X : XQ
    const jobs = shares(cols / 8).map(([from, to], t) => {
      const scratch = SCRATCH + t * (Math.ceil(kernels.matmul_scratch_bytes() / 4096) * 4096)
      return [`matmul_${kind}`, [OUT, x, BASE, count, INNER, cols, cols, from, to, scratch]]
    })
    const seconds = await team.time(jobs, { runs })
    check(`matmul_${kind}`, OUT, X, Math.min(count, 3), limitOf(kind))
    const name = `matmul_${kind} ${count} x ${INNER} x ${cols}`
    report({ name, unit: 'GOP/s ', roof, ...rate(seconds, 2 * count * INNER * cols) }, roofs[roof])
  }
}

fill(BASE, REGION / 4)
for (const kind of ['f32', 'bf16', 'q8_int', 'q4_int', 'q8', 'q4']) {
  const format = kind.split('_')[0]
  const panels = Math.floor(REGION / kernels[`panel_bytes_${format}`](INNER) / 4) * 4
  const size = fillPanels(format, BASE, panels)
  const [x, out] = [X, X + 8 * INNER]
  fill(X, INNER)
  const xq = out + panels * 32
  if (kind !== format) kernels[`quantize_rows_${format}`](xq, x, INNER, 0, 1)
  const jobs = (n) =>
    shares(n).map(([from, to], t) => {
      const scratch = BASE - (t + 1) * (1 << 20)
      return [`matvec_${kind}`, [out, kind === format ? x : xq, BASE, INNER, from, to, scratch]]
    })
  await team.time(jobs(8 * threads), { runs: 1, calls: 200 })
  const roof = await readRoof(team, BASE, REGION, Math.min(runs, 9))
  const seconds = await team.time(jobs(panels), { runs: Math.min(runs, 15) })
  check(`matvec_${kind}`, out, X, 1, limitOf(kind))
  report(
    { name: `matvec_${kind} from memory`, unit: 'GB/s  ', roof: 'read_roof', ...rate(seconds, panels * size) },
    roof,
  )
  const cached = await team.time(jobs(8 * threads), { runs, calls: 100 })
  report({ name: `matvec_${kind} from cache`, unit: 'GB/s  ', ...rate(cached, 8 * threads * size) })
}
await team.close()
if (flags.json) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, v8: process.versions.v8 }
  console.log(JSON.stringify({ machine, build: flags.build, threads, clock: flags.clock, rows }, null, 1))
}
