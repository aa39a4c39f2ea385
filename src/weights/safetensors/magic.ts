// What people find in the place of weights: nothing at all, a Git LFS pointer (cloned without LFS), the HTML page of a
// site that wanted a login, a torch file under the wrong name. Each is told apart by its first bytes, so that the error
// says what happened, not that "a header is too large".
import { SailError } from '../../errors.ts'

const marks: readonly (readonly [(text: string) => boolean, `E_${string}`, string, string])[] = [
  [
    (text) => text.startsWith('version https://git-lfs'),
    'E_SAFETENSORS_LFS_POINTER',
    'a Git LFS pointer (a few lines of text that stand for the weights)',
    'run `git lfs pull` in that repository, or download the file itself',
  ],
  [
    (text) => /^\s*<(?:!doctype|html|\?xml)/i.test(text),
    'E_SAFETENSORS_HTML',
    'an HTML or XML page',
    'the server answered with a page (a login, an error) in place of the file: download it again',
  ],
  [
    (text) => text.startsWith('PK\u0003\u0004'),
    'E_SAFETENSORS_ZIP',
    'a zip archive, as torch.save writes it',
    'convert it to safetensors',
  ],
  [
    (text) => text.startsWith('GGUF'),
    'E_SAFETENSORS_GGUF',
    'a GGUF file',
    'use the safetensors files of the same model',
  ],
]

/** Refuses by its first bytes what is no safetensors file at all. @throws SailError E_SAFETENSORS_EMPTY, _SHORT, _LFS_POINTER, _HTML, _ZIP, _GGUF */
export function checkMagic(file: string, start: Uint8Array): void {
  const expected = 'a safetensors file'
  if (start.length === 0)
    throw new SailError('E_SAFETENSORS_EMPTY', { file, expected, found: '0 bytes', hint: 'fetch it again' })
  const text = Array.from(start, (byte) => String.fromCharCode(byte)).join('')
  for (const [matches, code, found, hint] of marks) {
    if (matches(text)) throw new SailError(code, { file, expected, found, hint })
  }
  if (start.length < 8) {
    throw new SailError('E_SAFETENSORS_SHORT', {
      file,
      expected: '8 bytes or more',
      found: `${start.length}`,
      hint: 'fetch it again',
    })
  }
}
