// A dump against a loaded model: teacher-forced by default, free-running when asked. The report says, stage by stage,
// zero or the size of the difference.
import type { ImageInput } from '../api.ts'
import { SailError } from '../errors.ts'
import type { Definition } from './definition.ts'
import { verifyForced } from './forced-case.ts'
import { verifyFree } from './free-running.ts'
import type { GoldenFile } from './golden-file.ts'
import { questionOf } from './question.ts'
import type { CaseReport } from './report.ts'
import type { Subject } from './subject.ts'

export interface VerifyOptions {
  /** The image of the dump's question; null when it was not found. */
  readonly image: ImageInput | null
  readonly freeRunning: boolean
  /** The same run in the other precision (X.f64 beside X.f32), for free-running limits. */
  readonly sibling?: GoldenFile | null
  /** The golden side of rounded weights. */
  readonly definition?: Definition | undefined
  readonly signal?: AbortSignal
}

/**
 * @throws SailError E_GOLDEN_NOTHING when no tensor of the dump could be compared, E_GOLDEN_NO_IMAGE, E_GOLDEN_NO_GRID,
 *   E_GOLDEN_NO_PROMPT; what preparing the question throws; signal.reason
 */
export async function verify(subject: Subject, file: GoldenFile, options: VerifyOptions): Promise<CaseReport> {
  const { image, freeRunning, sibling = null, definition, signal } = options
  const question = questionOf(file, image)
  if (question.prompt === null && (freeRunning || !file.tensors.has('input_ids'))) throw noPrompt(file)
  const mode = freeRunning ? 'free-running' : 'teacher-forced'
  const setup = { subject, file, question, mode, definition, signal } as const
  const report = freeRunning ? await verifyFree(setup, sibling) : await verifyForced(setup)
  if (report.stages.length === 0) throw nothing(file)
  return report
}

function noPrompt({ name }: GoldenFile): SailError {
  return new SailError('E_GOLDEN_NO_PROMPT', {
    file: name,
    place: 'metadata, prompt',
    expected: 'the prompt, or (teacher-forced) a tensor "input_ids"',
    found: 'neither',
  })
}

function nothing({ name, tensors }: GoldenFile): SailError {
  return new SailError('E_GOLDEN_NOTHING', {
    file: name,
    expected: 'at least one stage that can be compared',
    found: `${tensors.size} tensors, none of them`,
    hint: 'stages are called as in golden/README.md',
  })
}
