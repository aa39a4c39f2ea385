// What a checkpoint holds, needs, and what is wrong with it, its tokenizer included. Weights are not read.
import { SailError } from '../errors.ts'
import type { Folder } from '../weights/folder.ts'
import { type Inspection, inspectCheckpoint } from '../weights/inspect.ts'
import { checkTokens, readTokenizer } from './tokenizer-file.ts'

/** Faults of the checkpoint are in `problems`. @throws signal.reason */
export async function inspectFolder(folder: Folder, signal?: AbortSignal): Promise<Inspection> {
  const inspection = await inspectCheckpoint(folder, signal)
  try {
    const tokenizer = await readTokenizer(folder, signal)
    if (inspection.config !== null) checkTokens(inspection.config, tokenizer)
    return inspection
  } catch (error) {
    if (!(error instanceof SailError)) throw error
    const { code, message } = error
    return { ...inspection, problems: [...inspection.problems, { code, message }] }
  }
}
