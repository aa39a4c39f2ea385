// Every parser of files that strangers make.
import type { Parser } from '../parser.ts'
import { config } from './config.ts'
import { faulty } from './faulty.ts'
import { golden } from './golden.ts'
import { jpeg } from './jpeg.ts'
import { png } from './png.ts'
import { safetensors } from './safetensors.ts'
import { shardIndex } from './shard-index.ts'
import { tokenizer } from './tokenizer.ts'
import { torch } from './torch.ts'

export const parsers: readonly Parser[] = [safetensors, torch, shardIndex, config, tokenizer, png, jpeg, golden]

/** A parser by its name, the faulty one included. */
export function parserOf(name: string): Parser {
  return [...parsers, faulty].find((parser) => parser.name === name)!
}
