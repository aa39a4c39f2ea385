// The check of GenerateOptions on its own, for whoever takes options before there is a model to ask.
import type { GenerateOptions } from '../api.ts'
import { generateSettings } from '../generate/options.ts'

/** @throws SailError E_OPTION_* */
export function checkGenerateOptions(options: GenerateOptions): void {
  generateSettings(options)
}
