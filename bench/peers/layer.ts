// One layer of a 7B, ours and PyTorch's (f32 and bf16) in turns: tokens a second of prefix passes, and of single tokens
// behind the largest.
import { runJson } from '../child.ts'
import { type Ours, ours, type Rates, ratesOf } from '../ours.ts'
import type { PassTimes } from '../passes.ts'
import type { Flags } from './flags.ts'
import { found, places } from './install.ts'

export interface Layer {
  readonly ours: Rates & Pick<Ours, 'info'>
  /** Ours with vectors of 128 bits, where they may be joined to 256 in `ours`. */
  readonly narrow?: Rates
  readonly torch?: { readonly version: string } & Readonly<Record<'f32' | 'bf16', Rates>>
}

interface TorchTimes {
  readonly torch: string
  readonly prefix: Readonly<Record<number, Readonly<Record<'f32' | 'bf16', readonly number[]>>>>
  readonly decode: Readonly<Record<'f32' | 'bf16', readonly number[]>>
}

export async function oneLayer({ tokens = '256,1024', rounds }: Flags, model: string): Promise<Layer> {
  const torch = found(places.python, 'PyTorch')
  const [mine, narrow, theirs]: [Ours[], Ours[], TorchTimes[]] = [[], [], []]
  for (let n = 0; n < Number(rounds); n++) {
    const job = { model, tokens, stage: 'layers.0.out', runs: '3', steps: '60' }
    mine.push(await ours(job))
    if (mine[0].info.vectors > 128) narrow.push(await ours({ ...job, vectors: '128' }))
    if (!torch) continue
    const args = ['--tokens', tokens, '--context', tokens.split(',').at(-1)!, '--runs', '2']
    theirs.push((await runJson<TorchTimes>(places.python, ['bench/peers/torch_layer.py', ...args])).answer)
  }
  const rates = (dtype: 'f32' | 'bf16'): Rates => ratesOf(theirs.map((each) => timesOf(each, dtype)))
  return {
    ours: { info: mine[0].info, ...ratesOf(mine) },
    ...(narrow.length > 0 && { narrow: ratesOf(narrow) }),
    ...(torch && { torch: { version: theirs[0].torch, f32: rates('f32'), bf16: rates('bf16') } }),
  }
}

function timesOf({ prefix, decode }: TorchTimes, dtype: 'f32' | 'bf16'): PassTimes {
  const sizes = Object.entries(prefix).map(([count, times]) => [count, times[dtype]])
  return { prefix: Object.fromEntries(sizes), decode: decode[dtype] }
}
