// A pickle is a program for a machine with a stack and a memo. This machine knows the opcodes that torch.save writes for
// a state dict, and no others; what it builds are descriptions (values.ts), what it "calls" is in rebuild.ts.
//   } ( X 'w' c torch._utils _rebuild_tensor_v2 ( .. Q K0 .. t R s .      {'w': _rebuild_tensor_v2(storage, 0, ..)}
// Every opcode takes bounded time and memory, values are shared and never copied, and stack, marks, memo and nesting
// have limits, so a pickle of n bytes is done or refused in the order of n.
// Source: CPython, Lib/pickle.py and Lib/pickletools.py.
import { quote } from '../../../config/quote.ts'
import { refuser } from '../zip/entry.ts'
import { PickleBytes } from './bytes.ts'
import { findGlobal } from './globals.ts'
import { op, opcodeName } from './opcodes.ts'
import { call, storageOf } from './rebuild.ts'
import { type Dict, depthOf, describe, type Value } from './values.ts'

/** Python writes dicts in batches of 1,000 pairs, so the stack of a state dict stays near 2,000. */
const maxStack = 10_000
const maxMarks = 16
const maxMemo = 1_000_000
const maxDepth = 8
/** Of a dict: tensors, or versions of modules. */
const maxItems = 100_000

/** The value of a pickle. @throws SailError E_TORCH_*, one code a fault, with the byte of the opcode */
export function unpickle(file: string, bytes: Uint8Array): Value {
  return new Machine(new PickleBytes(bytes, refuser(file, 'TORCH'))).run()
}

class Machine {
  readonly #in: PickleBytes
  readonly #stack: Value[] = []
  readonly #marks: number[] = []
  readonly #memo = new Map<number, Value>()

  constructor(input: PickleBytes) {
    this.#in = input
  }

  run(): Value {
    const protocol = this.#in.opcode() === op.proto ? this.#in.u8() : 0
    if (protocol !== 2) {
      const hint = 'save it again with torch.save, whose default that is'
      throw this.#in.refuse('PROTOCOL', 'data.pkl, byte 0', 'pickle protocol 2', `${protocol}`, hint)
    }
    for (;;) {
      const code = this.#in.opcode()
      if (code === op.stop) return this.#end()
      const value = this.#step(code)
      if (value !== undefined) this.#stack.push(value)
      if (this.#stack.length > maxStack) throw this.#fault('STACK', `at most ${maxStack} values on the stack`, 'more')
    }
  }

  #end(): Value {
    if (this.#stack.length !== 1 || this.#marks.length > 0) {
      throw this.#fault('STACK', 'one value at the end', `${this.#stack.length}, and ${this.#marks.length} marks`)
    }
    if (this.#in.rest > 0)
      throw this.#fault('PICKLE_TRAILING', 'STOP as the last byte', `${this.#in.rest} bytes after it`)
    return this.#stack[0]
  }

  /** Does an opcode; the value that it pushes, undefined for none (None is null). */
  #step(code: number): Value | undefined {
    const input = this.#in
    switch (code) {
      case op.none:
        return null
      case op.newtrue:
        return true
      case op.newfalse:
        return false
      case op.binint:
        return input.i32()
      case op.binint1:
        return input.u8()
      case op.binint2:
        return input.u16()
      case op.long1:
        return input.long(input.u8())
      case op.binunicode:
        return input.text(input.u32())
      case op.binget:
        return this.#get(input.u8())
      case op.longBinget:
        return this.#get(input.u32())
      case op.binput:
        return this.#put(input.u8())
      case op.longBinput:
        return this.#put(input.u32())
      case op.global:
        return findGlobal(input.refuse, input.place, input.line(), input.line())
      default:
        return this.#build(code)
    }
  }

  /** The opcodes that make a value of others. */
  #build(code: number): Value | undefined {
    const { refuse, place } = this.#in
    switch (code) {
      case op.mark:
        return this.#mark()
      case op.emptyDict:
        return { kind: 'dict', ordered: false, items: new Map(), depth: 1 }
      case op.emptyTuple:
        return this.#tuple([])
      case op.tuple1:
        return this.#tuple(this.#pop(1))
      case op.tuple2:
        return this.#tuple(this.#pop(2))
      case op.tuple3:
        return this.#tuple(this.#pop(3))
      case op.tuple:
        return this.#tuple(this.#popMark())
      case op.setitem:
        return this.#setItems(this.#pop(2))
      case op.setitems:
        return this.#setItems(this.#popMark())
      case op.build:
        return this.#setState(this.#pop(1)[0])
      case op.reduce: {
        const [target, args] = this.#pop(2)
        return call(refuse, place, target, args)
      }
      case op.binpersid:
        return storageOf(refuse, place, this.#pop(1)[0])
      default:
        throw this.#fault('OPCODE', 'an opcode that a state dict needs', opcodeName(code))
    }
  }

  #mark(): undefined {
    if (this.#marks.length === maxMarks) throw this.#fault('DEPTH', `at most ${maxMarks} open marks`, 'more')
    this.#marks.push(this.#stack.length)
  }

  #tuple(items: readonly Value[]): Value {
    return { kind: 'tuple', items, depth: this.#deeper(items) }
  }

  #setItems(pairs: readonly Value[]): undefined {
    const dict = this.#dict()
    if (pairs.length % 2 !== 0) throw this.#fault('STACK', 'keys and values in pairs', `${pairs.length} values`)
    for (let i = 0; i < pairs.length; i += 2) {
      const [key, value] = [pairs[i], pairs[i + 1]]
      if (typeof key !== 'string') throw this.#fault('KEY', 'a dict with text as keys', describe(key))
      if (dict.items.has(key)) throw this.#fault('DUPLICATE', 'each key once', `${quote(key)} again`)
      dict.items.set(key, value)
    }
    if (dict.items.size > maxItems) throw this.#fault('COUNT', `at most ${maxItems} entries in a dict`, 'more')
    dict.depth = Math.max(dict.depth, this.#deeper(pairs))
  }

  /** Attributes: only `_metadata`, the version numbers of modules that torch hangs on a state dict. They say nothing of weights. */
  #setState(state: Value): undefined {
    const dict = this.#dict()
    const isState = typeof state === 'object' && state?.kind === 'dict' && state.items.size === 1
    const metadata = isState ? state.items.get('_metadata') : undefined
    if (dict.ordered && typeof metadata === 'object' && metadata?.kind === 'dict') return
    throw this.#fault('STATE', 'an OrderedDict with the one attribute _metadata, a dict', describe(state))
  }

  /** The dict on top of the stack, which stays there. */
  #dict(): Dict {
    const [target] = this.#pop(1)
    if (typeof target !== 'object' || target?.kind !== 'dict') throw this.#fault('STACK', 'a dict', describe(target))
    this.#stack.push(target)
    return target
  }

  #deeper(items: readonly Value[]): number {
    const depth = items.reduce<number>((most, item) => Math.max(most, depthOf(item)), 0) + 1
    if (depth > maxDepth) throw this.#fault('DEPTH', `at most ${maxDepth} levels of tuples and dicts`, 'more')
    return depth
  }

  #pop(count: number): Value[] {
    const least = this.#marks.at(-1) ?? 0
    if (this.#stack.length - count < least) throw this.#fault('STACK', `${count} values on the stack`, 'fewer')
    return this.#stack.splice(this.#stack.length - count)
  }

  #popMark(): Value[] {
    const mark = this.#marks.pop()
    if (mark === undefined) throw this.#fault('STACK', 'a mark on the stack', 'none')
    return this.#stack.splice(mark)
  }

  #put(index: number): undefined {
    const [value] = this.#pop(1)
    this.#stack.push(value)
    if (index >= maxMemo) throw this.#fault('MEMO', `a memo of at most ${maxMemo} values`, `place ${index}`)
    this.#memo.set(index, value)
  }

  #get(index: number): Value {
    const value = this.#memo.get(index)
    if (value === undefined) throw this.#fault('MEMO', 'a value that was put there', `none at place ${index}`)
    return value
  }

  #fault(code: string, expected: string, found: string): Error {
    return this.#in.refuse(code, this.#in.place, expected, found)
  }
}
