// PyTorch's own error on one stage: relative L2 between a dump and the same run in f64, where both files are there. Two
// files that lie farther apart than rounding can explain are not two precisions of one run, and nothing may be judged by
// such a distance: that itself is the finding.
import { sizeOf, type Tensor } from '../tensor.ts'
import { compare } from './compare.ts'
import type { GoldenFile } from './golden-file.ts'
import { believed, type DumpDtype, figure, yardstick } from './limits.ts'

export interface OwnError {
  readonly value: number
  /** Why the two files cannot be one run, or null. */
  readonly problem: string | null
  /** The f64 side, where there is one. */
  readonly f64: Tensor | null
}

export async function ownError(
  name: string,
  stage: string,
  dumped: Tensor,
  { L, dtype }: { readonly L: number; readonly dtype: DumpDtype },
  sibling: GoldenFile | null,
): Promise<OwnError> {
  const expected = yardstick(stage, dtype, L)
  const entry = sibling?.tensors.get(name)
  if (sibling === null || entry === undefined || sizeOf(entry.shape) !== sizeOf(dumped.shape))
    return { value: expected, problem: null, f64: null }
  const other = await sibling.read(name)
  const [narrow, wide] = dtype === 'f64' ? [other, dumped] : [dumped, other]
  const { relL2 } = compare(narrow, wide)
  const value = believed(relL2, stage, dtype, L)
  if (value !== null) return { value, problem: null, f64: wide }
  const problem = `the dump and ${sibling.name} lie ${figure(relL2)} apart, more than rounding`
  return { value: expected, problem, f64: wide }
}
