// The `decoder` of tokenizer.json: token strings -> text, as a chain of stages that take the tokens one at a time. A
// whole decode and a streamed one are the same chain, so their texts are equal by construction. What a stage cannot
// know yet it holds back: ByteLevel the bytes of an unfinished character, ByteFallback a whole run of `<0x..>` tokens
// (one wrong byte turns every byte of its run into U+FFFD).
// After Fuse or ByteLevel everything is one token that arrives in fragments; `fused` tells the stages behind.
// Source: tokenizers 0.19.1, decoders/.
import type { SailError } from '../errors.ts'
import { tokenBytes } from './byte-alphabet.ts'
import type { JsonAt } from './json-at.ts'
import { MAX_DEPTH, MAX_PARTS, MAX_PIECE } from './limits.ts'
import { readReplace } from './normalizer.ts'
import { readMetaspaceMark } from './pre-tokenizer.ts'
import type { StageMaker } from './stage.ts'
import { stripEach, stripFused } from './strip.ts'

/** The stages of a decoder, first to last. @throws SailError E_TOKENIZER_DECODER, E_TOKENIZER_OPTION, E_TOKENIZER_FIELD */
export function readDecoder(part: JsonAt): StageMaker {
  if (part.isNull) return spaced
  const { stages } = read(part, false, 0)
  return (next) => stages.reduceRight((after, stage) => stage(after), next)
}

interface Chain {
  readonly stages: readonly StageMaker[]
  readonly fused: boolean
}

function read(part: JsonAt, fused: boolean, depth: number): Chain {
  const type = part.get('type')
  const one = (stage: StageMaker): Chain => ({ stages: [stage], fused })
  switch (type.value) {
    case 'Sequence':
      return readSequence(part.get('decoders'), fused, depth)
    case 'Fuse':
      return { stages: [], fused: true }
    case 'ByteLevel':
      if (fused) throw tooLate(type)
      return { stages: [byteLevel], fused: true }
    case 'ByteFallback':
      if (fused) throw tooLate(type)
      return one(byteFallback)
    case 'Replace': {
      const replace = readReplace(part)
      if (fused && part.get('pattern').get('String').string(1, 64).length > 1) throw tooLate(type)
      return one(each((token) => replace(token, MAX_PIECE)))
    }
    case 'Strip': {
      const rule = {
        content: part.get('content').string(1, 2),
        start: part.get('start').integer(0, 1024),
        stop: part.get('stop').integer(0, 1024),
      }
      return one(fused ? stripFused(rule) : each(stripEach(rule)))
    }
    case 'Metaspace':
      return one(metaspace(part, fused))
    default:
      throw type.fault(
        'E_TOKENIZER_DECODER',
        'Sequence, Replace, ByteFallback, Fuse, Strip, ByteLevel or Metaspace',
        type.shown,
      )
  }
}

function readSequence(list: JsonAt, fused: boolean, depth: number): Chain {
  if (depth >= MAX_DEPTH) throw list.not(`at most ${MAX_DEPTH} Sequences inside one another`, 'more')
  let chain: Chain = { stages: [], fused }
  for (const item of list.array(MAX_PARTS)) {
    const added = read(item, chain.fused, depth + 1)
    chain = { stages: [...chain.stages, ...added.stages], fused: added.fused }
  }
  return chain
}

const tooLate = (type: JsonAt): SailError =>
  type.fault('E_TOKENIZER_OPTION', 'this decoder before the tokens are fused to one', 'it behind Fuse or ByteLevel')

const each =
  (change: (token: string) => string): StageMaker =>
  (next) => ({ push: (token) => next.push(change(token)), end: () => next.end() })

/** Without a decoder: tokens with spaces between. */
const spaced: StageMaker = (next) => {
  let first = true
  return {
    push(token) {
      next.push(first ? token : ` ${token}`)
      first = false
    },
    end: () => next.end(),
  }
}

const byteLevel: StageMaker = (next) => {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  return {
    push: (token) => next.push(utf8.decode(tokenBytes(token), { stream: true })),
    end() {
      next.push(utf8.decode())
      next.end()
    },
  }
}

// The plus sign is what the number parser of tokenizers lets through as well.
const BYTE = /^<0x([0-9A-Fa-f]{2}|\+[0-9A-Fa-f])>$/

const byteFallback: StageMaker = (next) => {
  let run: number[] = []
  const finish = (): void => {
    if (run.length === 0) return
    for (const token of runText(run)) next.push(token)
    run = []
  }
  return {
    push(token) {
      const byte = BYTE.exec(token)
      if (byte !== null) run.push(Number.parseInt(byte[1], 16))
      else {
        finish()
        next.push(token)
      }
    },
    end() {
      finish()
      next.end()
    },
  }
}

function runText(bytes: readonly number[]): string[] {
  try {
    return [new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))]
  } catch {
    return bytes.map(() => '\uFFFD')
  }
}

function metaspace(part: JsonAt, fused: boolean): StageMaker {
  const { mark, prepend } = readMetaspaceMark(part)
  return (next) => {
    let first = true
    return {
      push(token) {
        next.push(token.replaceAll(mark, first && prepend !== 'never' ? '' : ' '))
        if (!fused) first = false
      },
      end: () => next.end(),
    }
  }
}
