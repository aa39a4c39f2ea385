// Dumps against a model: all files are opened before the model is loaded, so that a wrong name costs no time.
import { openFile } from '../node/file-source.ts'
import { type GoldenFile, openGolden } from '../verify/golden-file.ts'
import { passed, toJson } from '../verify/report.ts'
import { verify as verifyCase } from '../verify/verify.ts'
import type { ModelFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { findImage, findSibling } from './golden-paths.ts'
import { withModel } from './load.ts'
import type { Notes } from './notes.ts'
import { reportText } from './report-text.ts'
import { write, writeJson } from './stdout.ts'
import { definitionOf } from './verify-definition.ts'

export interface VerifyFlags extends ModelFlags {
  readonly golden: readonly string[]
  readonly image?: string
  readonly freeRunning?: boolean
  readonly json?: boolean
}

export async function verify(flags: VerifyFlags, { signal, exit }: Context): Promise<void> {
  const { json = false, freeRunning = false } = flags
  const files: GoldenFile[] = []
  try {
    for (const path of flags.golden) files.push(await openGolden(await openFile(path), signal))
    await withModel(flags, signal, async (sail, show, given) => {
      const reports = []
      const definition = await definitionOf(sail, flags, show, signal)
      try {
        for (const file of files) {
          const image = given ?? (await findImage(file, flags.model, show))
          const sibling = freeRunning ? await findSibling(file, show) : null
          noteNumerics(file, flags, show)
          try {
            const report = await verifyCase(sail, file, { image, freeRunning, sibling, definition, signal })
            reports.push(report)
            if (!json) await write(reportText(report))
          } finally {
            await sibling?.close()
          }
        }
      } finally {
        await definition?.close()
      }
      if (json) await writeJson(toJson(reports))
      exit(reports.every(passed) ? 0 : 1)
    })
  } finally {
    for (const file of files) await file.close()
  }
}

function noteNumerics({ name, dtype }: GoldenFile, { numerics }: VerifyFlags, show: Notes): void {
  if (dtype === 'bf16' && numerics !== 'bf16')
    show.say(`${name}: made in bf16; with --numerics bf16 this side rounds as it did`)
  if (dtype !== 'bf16' && numerics === 'bf16')
    show.say(`${name}: made in ${dtype}; --numerics bf16 rounds more than its limits allow`)
}
