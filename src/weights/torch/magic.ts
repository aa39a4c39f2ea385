// What is found in the place of a torch file, told apart by its first bytes. Before version 1.6, and still with
// `_use_new_zipfile_serialization=False`, torch.save wrote bare pickles one after the other, whose tensors can only be
// found by running them all.
import { refuser } from './zip/entry.ts'

const legacy =
  `save it again with: python -c "import sys, torch; w = torch.load(sys.argv[1], map_location='cpu', weights_only=True); ` +
  `torch.save(w, sys.argv[1])" FILE`

/** @throws SailError E_TORCH_EMPTY, E_TORCH_LEGACY, E_TORCH_LFS_POINTER, E_TORCH_HTML, E_TORCH_MAGIC */
export function checkMagic(file: string, start: Uint8Array): void {
  const refuse = (code: string, found: string, hint: string): Error =>
    refuser(file, 'TORCH')(code, 'byte 0', 'the zip archive that torch.save writes', found, hint)
  const text = Array.from(start, (byte) => String.fromCharCode(byte)).join('')
  if (text.startsWith('PK\u0003\u0004')) return
  if (text === '') throw refuse('EMPTY', '0 bytes', 'fetch it again')
  if (text.startsWith('\u0080') || text.includes('ustar'))
    throw refuse('LEGACY', 'a file of the old format of torch', legacy)
  if (text.startsWith('version https://git-lfs')) {
    throw refuse(
      'LFS_POINTER',
      'a Git LFS pointer',
      'run `git lfs pull` in that repository, or download the file itself',
    )
  }
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text)) {
    throw refuse(
      'HTML',
      'an HTML or XML page',
      'the server answered with a page in place of the file: download it again',
    )
  }
  throw refuse('MAGIC', 'other bytes', 'give the .bin file of a checkpoint, or use its safetensors files')
}
