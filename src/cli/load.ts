// A loaded model for a command, with progress and warnings on stderr, closed when the command is done or fails.
import { SailError } from '../errors.ts'
import { Sail } from '../node.ts'
import type { ModelFlags } from './common-flags.ts'
import { type Notes, notes } from './notes.ts'
import { readStdin } from './stdin.ts'

/** @throws SailError E_OPTION_UNAVAILABLE, and everything that loading throws; signal.reason */
export async function withModel<T>(
  flags: ModelFlags,
  signal: AbortSignal,
  work: (sail: Sail, say: Notes) => Promise<T>,
): Promise<T> {
  const { model, backend, weights, activations, numerics, kv, threads, kernels, maxPatches } = flags
  if (flags.profile !== undefined) throw noProfile(flags.profile)
  const show = notes(flags)
  try {
    const sail = await Sail.load(model, {
      ...{ backend, weights, numerics, kv, threads, kernels, maxPatches, signal },
      ...(activations !== undefined && { activations }),
      onProgress: show.progress,
      logger: show.say,
    })
    show.done()
    try {
      return await work(sail, show)
    } finally {
      await sail.close()
    }
  } finally {
    show.done()
  }
}

/** --image: a path or URL as it is, `-` as the bytes of stdin. */
export async function imageFlag(image: string, signal: AbortSignal): Promise<string | Uint8Array> {
  return image === '-' ? readStdin('--image -', signal) : image
}

function noProfile(found: string): SailError {
  return new SailError('E_OPTION_UNAVAILABLE', {
    place: '--profile',
    expected: 'a backend that measures its ops',
    found,
    hint: 'the reference backend does not',
  })
}
