// What is verified, as verification sees it: a loaded model that prepares sequences and runs their passes with stages out
// and values in. `Sail` is one.
import type { Prepared, Question, Run, SailInfo } from '../api.ts'
import type { ModelConfig } from '../config/model-config.ts'

export interface Subject {
  readonly config: ModelConfig
  readonly info: SailInfo
  prepare(question: Question, options?: { readonly signal?: AbortSignal }): Promise<Prepared>
  open(prepared: Prepared): Run
}
