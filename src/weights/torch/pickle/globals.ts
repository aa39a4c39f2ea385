// The only names that a pickle may ask for. Pickle is a program that can call any function of Python by its name
// (`os.system`), so a reader is safe by what it knows, not by what it forbids: here a name outside of this table is an
// error that tells the name, and the names in it are marks, behind which no code stands that a file could reach.
// Source: torch/_weights_only_unpickler.py; torch/storage.py, the names of typed storages.
import { quote } from '../../../config/quote.ts'
import type { SafetensorsDtype } from '../../safetensors/dtypes.ts'
import type { Refuse } from '../zip/entry.ts'
import type { Global } from './values.ts'

export const orderedDict = 'collections.OrderedDict'
export const rebuildTensor = 'torch._utils._rebuild_tensor_v2'
export const rebuildParameter = 'torch._utils._rebuild_parameter'

const storages: Readonly<Record<string, SafetensorsDtype>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
  'torch.ComplexFloatStorage': 'C64',
  'torch.storage.UntypedStorage': 'U8',
}

const known: ReadonlyMap<string, Global> = new Map<string, Global>([
  ...[orderedDict, rebuildTensor, rebuildParameter].map((name) => [name, { kind: 'global', name }] as const),
  ...Object.entries(storages).map(([name, dtype]) => [name, { kind: 'global', name, dtype }] as const),
])

/** @throws SailError E_TORCH_GLOBAL that names what was asked for */
export function findGlobal(refuse: Refuse, place: string, module: string, name: string): Global {
  const found = known.get(`${module}.${name}`)
  if (found !== undefined && found.name.lastIndexOf('.') === module.length) return found
  const hint =
    'nothing was run; a file of weights alone needs no such name: save only the state dict, or use safetensors'
  const expected = 'only the names that a state dict of plain tensors needs'
  throw refuse('GLOBAL', place, expected, `the global ${quote(`${module}.${name}`, 200)}`, hint)
}
