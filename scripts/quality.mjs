// What rounded weights cost: npm run quality. Every question of golden/tiny/eval is asked with f32 weights; then each format is
// fed the answers that f32 gave, token by token, and its next-token distributions are held against those of f32:
//   KL       sum p log(p / q) in nats, p of f32: mean and 99th percentile of all places
//   top-1    places where the likeliest token is the same
//   changed  answers that differ from f32's in any token: greedy decoding parts where top-1 does
//   right    answers that are right, word for word
// The same, without right and wrong, on the random models of golden/cases and, where it is there, ../shared/golden.
// Prints Markdown tables, and JSON with --json; --write puts the table of golden/tiny into the README. --model DIR measures another checkpoint on golden/tiny/eval,
// --questions N takes every n-th question so that about N are asked, --threads N (default 2).
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build, install, root } from './setup.mjs'

const options = {
  model: { type: 'string' },
  questions: { type: 'string' },
  threads: { type: 'string' },
  json: { type: 'boolean' },
  write: { type: 'boolean' },
}
const { values: flags } = parseArgs({ options })
install()
build()
const { Sail, inspect } = await import(new URL('../dist/node.js', import.meta.url).href)

const formats = [
  ['bf16', 'f32'],
  ['q8', 'f32'],
  ['q8', 'int'],
  ['q4', 'f32'],
  ['q4', 'int'],
]
const threads = Number(flags.threads ?? 2)
const load = (model, weights, activations) => Sail.load(model, { backend: 'wasm', weights, activations, threads })

/** ln of softmax. */
function logProbabilities(logits) {
  const top = logits.reduce((most, value) => Math.max(most, value), -Infinity)
  const shift = top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0))
  return Float64Array.from(logits, (value) => value - shift)
}

function divergence(p, q) {
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += Math.exp(p[i]) * (p[i] - q[i])
  return sum
}

function largest(values) {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i
  return best
}

/**
 * ln p at every place of an answer, and the likeliest ids there. The answer is `given`, or the model's own: until an eos, at
 * most `most` tokens.
 */
async function answer(sail, { image, prompt, most }, given) {
  const prepared = await sail.prepare({ prompt, ...(image && { image }) })
  const run = sail.open(prepared)
  try {
    let out
    for (const { name } of prepared.passes) out = await run.pass(name, { stages: ['next_logits'] })
    const [places, ids] = [[], []]
    for (;;) {
      places.push(logProbabilities(out.get('next_logits').data))
      ids.push(largest(places.at(-1)))
      const next = given?.[ids.length - 1] ?? ids.at(-1)
      const end = given ? ids.length === given.length : ids.length === most || sail.config.eosIds.includes(next)
      if (end) return { places, ids }
      out = await run.step(next, { stages: ['next_logits'] })
    }
  } finally {
    run.close()
  }
}

/** Each format against f32 on some questions of one model. */
async function measure(model, questions) {
  const sail = await load(model, 'f32', 'f32')
  const exact = []
  for (const question of questions) exact.push(await answer(sail, question))
  const textOf = (ids) => sail.tokenizer.decode(ids.filter((id) => !sail.config.eosIds.includes(id))).trim()
  const isRight = (ids, i) => textOf(ids) === questions[i].answer
  const { memory, tensors } = await inspect(model)
  const weights = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  const right = exact.filter(({ ids }, i) => isRight(ids, i)).length
  const rows = [{ format: 'f32', bits: (memory.f32 * 8) / weights, right: right / questions.length }]
  for (const [format, activations] of formats) {
    const rounded = await load(model, format, activations)
    const divergences = []
    let [same, changed, good] = [0, 0, 0]
    for (const [i, question] of questions.entries()) {
      const { places, ids } = await answer(rounded, question, exact[i].ids)
      for (const [k, place] of places.entries()) divergences.push(divergence(exact[i].places[k], place))
      const agree = ids.filter((id, k) => id === exact[i].ids[k]).length
      same += agree
      if (agree < ids.length) changed++
      const own = agree < ids.length ? (await answer(rounded, question)).ids : ids
      if (isRight(own, i)) good++
    }
    await rounded.close()
    divergences.sort((a, b) => a - b)
    rows.push({
      format: `${format}, activations ${activations}`,
      bits: (memory[format] * 8) / weights,
      kl: divergences.reduce((sum, each) => sum + each, 0) / divergences.length,
      kl99: divergences[Math.floor(divergences.length * 0.99)],
      top1: same / divergences.length,
      changed: changed / questions.length,
      right: good / questions.length,
    })
  }
  await sail.close()
  return { model, questions: questions.length, places: exact.reduce((sum, { ids }) => sum + ids.length, 0), rows }
}

function evaluation() {
  const folder = join(root, 'golden/tiny/eval')
  const lines = readFileSync(join(folder, 'eval.jsonl'), 'utf8').trim().split('\n')
  const all = lines.map((line) => JSON.parse(line))
  const every = Math.max(1, Math.floor(all.length / Number(flags.questions ?? all.length)))
  return all
    .filter((_, i) => i % every === 0)
    .map(({ image, prompt, answer }) => ({ image: join(folder, image), prompt, answer, most: 64 }))
}

/** The questions of a golden folder, by model. */
function goldenModels(folder) {
  if (!existsSync(join(folder, 'manifest.json'))) return []
  const { models, cases } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
  return Object.entries(models).map(([name, model]) => {
    const own = cases.filter((each) => each.model === name)
    const questions = own.map(({ image, prompt, max_new_tokens: most }) => {
      return { image: image === null ? undefined : join(folder, image), prompt, most: Math.max(1, most) }
    })
    return [join(folder, model.folder ?? `models/${name}`), questions]
  })
}

function table({ rows }) {
  const percent = (part) => `${(part * 100).toFixed(2)} %`
  const small = (value) => (value < 1e-9 ? '0' : value.toExponential(1))
  const isEvaluation = rows[0].right > 0
  const cells = rows.map(({ format, bits, kl, kl99, top1, changed, right }) => {
    const against = kl === undefined ? ['', '', '', ''] : [small(kl), small(kl99), percent(top1), percent(changed)]
    return [format, bits.toFixed(2), ...against, ...(isEvaluation ? [percent(right)] : [])]
  })
  const head = ['weights', 'bits a weight', 'KL, mean', 'KL, 99th percentile', 'top-1 the same', 'answers changed']
  if (isEvaluation) head.push('right')
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** Between the marks in the README. */
function writeReadme({ questions, places, ...result }) {
  const file = join(root, 'README.md')
  const [begin, end] = ['<!-- quality: npm run quality -- --write -->', '<!-- quality end -->']
  const text = readFileSync(file, 'utf8')
  const [before, after] = [text.indexOf(begin), text.indexOf(end)]
  if (before < 0 || after < before) throw new Error(`README.md has no ${begin} with ${end} behind it`)
  const body = `${questions} questions, ${places} tokens:\n\n${table(result)}\n`
  writeFileSync(file, `${text.slice(0, before + begin.length)}\n${body}${text.slice(after)}`)
}

const work = [
  [flags.model ?? join(root, 'golden/tiny'), evaluation()],
  ...(flags.model ? [] : ['golden/cases', '../shared/golden'].flatMap((folder) => goldenModels(join(root, folder)))),
].filter(([, questions]) => questions.length > 0)
const results = []
for (const [model, questions] of work) {
  console.error(`${model}: ${questions.length} questions`)
  results.push(await measure(model, questions))
  const { questions: asked, places } = results.at(-1)
  if (!flags.json) console.log(`${model}: ${asked} questions, ${places} tokens\n\n${table(results.at(-1))}\n`)
}
if (flags.json) console.log(JSON.stringify(results))
if (flags.write) writeReadme(results[0])
