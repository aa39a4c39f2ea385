// The `post_processor` of tokenizer.json: the tokens that go around a text when special tokens are asked for, such as
// Llama's `<s>` in front. ByteLevel only trims offsets, which nobody here reads.
// Source: tokenizers 0.19.1, processors/template.rs.
import type { JsonAt } from './json-at.ts'
import { MAX_DEPTH, MAX_PARTS } from './limits.ts'

export type PostProcessor = (ids: readonly number[]) => readonly number[]

/** @throws SailError E_TOKENIZER_POST_PROCESSOR for a kind that is not known, E_TOKENIZER_FIELD */
export function readPostProcessor(part: JsonAt, size: number, depth = 0): PostProcessor {
  if (part.isNull) return (ids) => ids
  const type = part.get('type')
  switch (type.value) {
    case 'ByteLevel':
      return (ids) => ids
    case 'TemplateProcessing':
      return readTemplate(part, size)
    case 'Sequence': {
      const list = part.get('processors')
      if (depth >= MAX_DEPTH) throw list.not(`at most ${MAX_DEPTH} Sequences inside one another`, 'more')
      const parts = list.array(MAX_PARTS).map((item) => readPostProcessor(item, size, depth + 1))
      return (ids) => parts.reduce((found, item) => item(found), ids)
    }
    default:
      throw type.fault('E_TOKENIZER_POST_PROCESSOR', 'TemplateProcessing, ByteLevel or Sequence', type.shown)
  }
}

function readTemplate(part: JsonAt, size: number): PostProcessor {
  const before: number[] = []
  const after: number[] = []
  let placed = false
  for (const piece of part.get('single').array(MAX_PARTS)) {
    const token = piece.get('SpecialToken')
    if (!token.isNull) {
      const ids = part.get('special_tokens').get(token.get('id').string(1, 512)).get('ids').array(MAX_PARTS)
      ;(placed ? after : before).push(...ids.map((id) => id.integer(0, size - 1)))
    } else if (piece.get('Sequence').get('id').value === 'A' && !placed) placed = true
    else throw piece.not('a SpecialToken, or the Sequence A once')
  }
  if (!placed) throw part.get('single').not('the Sequence A')
  return (ids) => [...before, ...ids, ...after]
}
