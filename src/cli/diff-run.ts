// Two dumps against each other, with the report and the exit codes of verify.
import { openFile } from '../node/file-source.ts'
import { diffDumps } from '../verify/diff.ts'
import { openGolden } from '../verify/golden-file.ts'
import { passed, toJson } from '../verify/report.ts'
import type { OutputFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { findSibling } from './golden-paths.ts'
import { notes } from './notes.ts'
import { reportText } from './report-text.ts'
import { write, writeJson } from './stdout.ts'

export interface DiffFlags extends OutputFlags {
  readonly json?: boolean
}

export async function diff(golden: string, file: string, flags: DiffFlags, { signal, exit }: Context): Promise<void> {
  const right = await openGolden(await openFile(golden), signal)
  try {
    const other = await openGolden(await openFile(file), signal)
    try {
      const sibling = await findSibling(right, notes(flags))
      const report = await diffDumps(right, other, { sibling, signal }).finally(() => sibling?.close())
      if (flags.json === true) await writeJson(toJson([report]))
      else await write(reportText(report))
      exit(passed(report) ? 0 : 1)
    } finally {
      await other.close()
    }
  } finally {
    await right.close()
  }
}
