// The working memory of a pass in each shard: | registers | private scratch of thread 0 | of thread 1 | .. |. It is kept
// from pass to pass and exchanged for a larger one when a pass needs more; nothing in it outlives a pass.
import type { Pool } from './memory/pool.ts'
import type { Frame, Register } from './plan/program.ts'
import { layRegisters, type PassSizes } from './plan/size-registers.ts'

export class Scratch {
  readonly #pool: Pool
  readonly #threads: number
  /** Private bytes of a thread. */
  readonly #each: number
  readonly #blocks: { at: number; bytes: number }[]

  constructor(pool: Pool, threads: number, each: number) {
    this.#pool = pool
    this.#threads = threads
    this.#each = Math.ceil(each / 64) * 64
    this.#blocks = Array.from({ length: pool.shards }, () => ({ at: 0, bytes: 0 }))
  }

  /** Where everything of a pass lies. @throws SailError E_MEMORY */
  lay(registers: readonly Register[], sizes: PassSizes): Pick<Frame, 'registers' | 'scratch'> {
    const { offsets, bytes } = layRegisters(registers, sizes, this.#blocks.length)
    const own = this.#threads * this.#each
    for (const [shard, need] of bytes.entries()) this.#reserve(shard, need + own)
    return {
      registers: registers.map(({ shard }, i) => this.#blocks[shard].at + own + offsets[i]),
      scratch: this.#blocks.map(({ at }) => ({ at, each: this.#each })),
    }
  }

  #reserve(shard: number, bytes: number): void {
    const block = this.#blocks[shard]
    if (block.bytes >= bytes) return
    if (block.bytes > 0) this.#pool.give(shard, block.at)
    block.bytes = 0
    block.at = this.#pool.take(shard, bytes, 'the values of a pass')
    block.bytes = bytes
  }
}
