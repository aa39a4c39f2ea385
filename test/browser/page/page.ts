// Loads models over HTTP, as a page of a user would: the embedded one answers questions about images fetched by URL, the
// golden ones are held against dumps of PyTorch by the library's own `verify`.
import { type LoadOptions, Sail, type SailInfo } from '../../../src/browser.ts'
import { openGolden } from '../../../src/verify/golden-file.ts'
import { verify } from '../../../src/verify/verify.ts'
import { bytesSource } from '../../../src/weights/byte-source.ts'

export interface Asked {
  readonly image: string
  readonly prompt: string
}

export interface Case {
  readonly golden: string
  readonly image: string | null
}

export interface Verdict {
  readonly golden: string
  readonly stages: number
  /** Names of the stages that fail, with why. */
  readonly failed: readonly string[]
}

/** Greedy ids for each question, in order. */
async function answer(
  model: string,
  options: LoadOptions,
  questions: readonly Asked[],
): Promise<{ ids: number[][]; info: SailInfo }> {
  const sail = await Sail.load(new URL(model, location.href), options)
  try {
    const ids: number[][] = []
    for (const { image, prompt } of questions) {
      ids.push([...(await sail.ask({ image: new URL(image, location.href), prompt })).ids])
    }
    return { ids, info: sail.info }
  } finally {
    await sail.close()
  }
}

/** Each dump of a model, every stage from the dump's own inputs. */
async function check(
  model: string,
  options: LoadOptions,
  cases: readonly Case[],
): Promise<{ verdicts: Verdict[]; info: SailInfo }> {
  const sail = await Sail.load(new URL(model, location.href), options)
  try {
    const verdicts: Verdict[] = []
    for (const { golden, image } of cases) {
      const file = await openGolden(bytesSource(golden, new Uint8Array(await (await fetch(golden)).arrayBuffer())))
      const { stages } = await verify(sail, file, { image: image && new URL(image, location.href), freeRunning: false })
      const failed = stages.flatMap(({ name, objection }) => (objection === null ? [] : [`${name}: ${objection}`]))
      verdicts.push({ golden, stages: stages.length, failed })
      await file.close()
    }
    return { verdicts, info: sail.info }
  } finally {
    await sail.close()
  }
}

/** An answer on webgpu whose device is gone after its first token (`sailKill` is what takes it away): the error's code. */
async function interrupted(model: string, { image, prompt }: Asked): Promise<string> {
  const sail = await Sail.load(new URL(model, location.href), { backend: 'webgpu' })
  try {
    for await (const _ of sail.stream({ image: new URL(image, location.href), prompt })) await globalThis.sailKill()
    return 'answered'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  } finally {
    await sail.close()
  }
}

declare global {
  var sailTest: {
    readonly answer: typeof answer
    readonly check: typeof check
    readonly interrupted: typeof interrupted
  }
  var sailKill: () => Promise<void>
}
globalThis.sailTest = { answer, check, interrupted }
document.body.dataset.ready = 'true'
