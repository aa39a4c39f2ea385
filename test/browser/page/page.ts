// Loads the embedded model over HTTP, as a page of a user would, and answers questions about images fetched by URL.
import { type LoadOptions, Sail } from '../../../src/browser.ts'

export interface Asked {
  readonly image: string
  readonly prompt: string
}

/** Greedy ids for each question, in order. */
async function askAll(
  model: string,
  questions: readonly Asked[],
  backend: LoadOptions['backend'] = 'auto',
): Promise<number[][]> {
  const sail = await Sail.load(new URL(model, location.href), { backend })
  try {
    const ids: number[][] = []
    for (const { image, prompt } of questions) {
      ids.push([...(await sail.ask({ image: new URL(image, location.href), prompt })).ids])
    }
    return ids
  } finally {
    await sail.close()
  }
}

declare global {
  var answer: (model: string, questions: readonly Asked[], backend?: LoadOptions['backend']) => Promise<number[][]>
}
globalThis.answer = askAll
document.body.dataset.ready = 'true'
