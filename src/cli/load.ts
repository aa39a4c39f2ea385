// A loaded model for a command, with progress and warnings on stderr, closed when the command is done or fails. The image
// is decoded first: loading may take minutes, and a wrong file should not be found after them.
import type { RawImage } from '../api.ts'
import { readImage } from '../facade/image-input.ts'
import { nodeEnvironment } from '../node/environment.ts'
import { joinVectors } from '../node/vectors.ts'
import { type Profiler, Sail } from '../node.ts'
import type { ModelFlags } from './common-flags.ts'
import { type Notes, notes } from './notes.ts'
import { openProfile } from './profile-file.ts'
import { readStdin } from './stdin.ts'

interface Flags extends ModelFlags {
  readonly image?: string
  readonly json?: boolean
}

/** @param own measures passes for the command itself. @throws SailError E_OPTION_UNAVAILABLE, E_IMAGE_*, and everything that loading throws; signal.reason */
export async function withModel<T>(
  flags: Flags,
  signal: AbortSignal,
  work: (sail: Sail, show: Notes, image: RawImage | undefined) => Promise<T>,
  own?: Profiler,
): Promise<T> {
  const { model, backend, weights, activations, numerics, kv, threads, kernels, maxPatches, maxPixels } = flags
  const show = notes(flags)
  if (flags.vectors === 'auto') joinVectors()
  const profile = flags.profile === undefined ? null : await openProfile(flags.profile)
  try {
    const image = flags.image === undefined ? undefined : await decoded(flags.image, maxPixels, show, signal)
    const sail = await Sail.load(model, {
      ...{ backend, weights, numerics, kv, threads, kernels, maxPatches, maxPixels, signal },
      ...(activations !== undefined && { activations }),
      ...profilerOf(own, profile?.profiler),
      onProgress: show.progress,
      logger: show.say,
    })
    show.done()
    try {
      const result = await work(sail, show, image)
      await profile?.close()
      show.release()
      return result
    } finally {
      await sail.close()
    }
  } catch (error) {
    await profile?.abort()
    throw error
  } finally {
    show.done()
  }
}

/** The command's own profiler says when passes are measured; the file of --profile then gets them as well. */
function profilerOf(own?: Profiler, file?: Profiler): { profiler?: Profiler } {
  const first = own ?? file
  if (first === undefined) return {}
  if (own === undefined || file === undefined) return { profiler: first }
  return {
    profiler: {
      get active() {
        return own.active
      },
      take(profile) {
        own.take(profile)
        file.take(profile)
      },
    },
  }
}

async function decoded(image: string, maxPixels: number, show: Notes, signal: AbortSignal): Promise<RawImage> {
  const input = await imageFlag(image, signal)
  return readImage(input, { environment: nodeEnvironment, maxPixels, signal, logger: show.say })
}

/** --image: a path or URL as it is, `-` as the bytes of stdin. */
export async function imageFlag(image: string, signal: AbortSignal): Promise<string | Blob> {
  return image === '-' ? new File([await readStdin('--image -', signal)], 'stdin') : image
}
