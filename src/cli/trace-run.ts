// The chosen stages of a run, each written as it is made, in the format of the golden files: what `trace` writes, `verify`
// and `diff` read. How many tokens there will be is not known beforehand, so room is left for the longest header.
import { SailError } from '../errors.ts'
import { selectStages } from '../graph/stages-glob.ts'
import { stageNames } from '../graph/stages-names.ts'
import type { Sail } from '../node.ts'
import { appendSafetensors, headerRoom } from '../weights/safetensors/append.ts'
import type { ModelFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { withModel } from './load.ts'
import { goldenFormat, imageName, modelName } from './metadata.ts'
import { openOut } from './out-file.ts'

export interface TraceFlags extends ModelFlags {
  readonly image?: string
  readonly prompt: string
  readonly raw?: boolean
  readonly stages: readonly string[]
  readonly maxNewTokens: number
  readonly out: string
}

/** Readers of safetensors refuse files with more. */
const maxTensors = 100_000
/** No config.json may ask for more. */
const mostLayers = 1024

export async function trace(flags: TraceFlags, { signal }: Context): Promise<void> {
  const { prompt, raw = false, stages, maxNewTokens } = flags
  checkNames(stages)
  const sink = await openOut(flags.out, signal)
  try {
    await withModel(flags, signal, async (sail, show, image) => {
      const metadata = describe(flags)
      const file = appendSafetensors(sink, headerRoom(namesAtMost(sail, flags), metadata))
      let count = 0
      const question = { prompt, raw, ...(image !== undefined && { image }) }
      for await (const { name, tensor } of sail.traceStream(question, { stages, maxNewTokens, signal })) {
        await file.add(name, tensor)
        signal.throwIfAborted()
        count++
      }
      await file.finish(metadata)
      show.say(`${count} tensors in ${flags.out}`)
    })
  } catch (error) {
    await sink.abort()
    throw error
  }
}

function describe({ image, prompt, raw, out, model, numerics, maxNewTokens }: TraceFlags): Map<string, string> {
  return new Map([
    ['format', goldenFormat],
    ['model', modelName(model)],
    ...(image === undefined ? [] : ([['image', imageName(image, out)]] as const)),
    ['prompt', prompt],
    ...(raw === true ? ([['raw', 'true']] as const) : []),
    ['dtype', numerics],
    ['max_new_tokens', String(maxNewTokens)],
  ])
}

/** Before anything is loaded: a name that no model has, whatever its layers. @throws SailError E_TRACE_STAGE */
function checkNames(stages: readonly string[]): void {
  const names = stageNames({ L: mostLayers, passes: ['prefix', 'text', 'step.0'] })
  const [found] = selectStages(names, stages.map(ofStep)).unmatched
  if (found === undefined) return
  const hint = "for instance 'text.layers.*.out'; golden/README.md explains all names"
  throw new SailError('E_TRACE_STAGE', { place: '--stages', expected: 'patterns of stage names', found, hint })
}

/** All steps have the same stages. */
const ofStep = (glob: string): string => glob.replace(/^step\.[^.]+\./, 'step.0.')

/** Every name that the file may come to hold. @throws SailError E_TRACE_TOO_MANY */
function namesAtMost({ config }: Sail, { stages, maxNewTokens }: TraceFlags): string[] {
  const { L } = config.dims
  const once = selectStages(stageNames({ L, passes: ['prefix', 'text'] }), stages).names
  const anyStep = stages.map(ofStep)
  const inStep = selectStages(stageNames({ L, passes: ['step.0'] }), anyStep).names.filter((n) => n.startsWith('step.'))
  const count = once.length + inStep.length * maxNewTokens
  if (count > maxTensors) {
    const hint = 'ask for fewer stages or fewer tokens'
    const expected = `at most ${maxTensors} tensors`
    throw new SailError('E_TRACE_TOO_MANY', { place: '--stages', expected, found: `up to ${count}`, hint })
  }
  const steps = Array.from({ length: maxNewTokens }, (_, k) => inStep.map((name) => name.replace('.0.', `.${k}.`)))
  return [...once, ...steps.flat()]
}
