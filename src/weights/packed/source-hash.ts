// Which checkpoint a packed folder was made from, without reading all of it: SHA-256 over config.json, letter by letter,
// and for each tensor, by name: name, dtype, shape, and the bytes of its first, middle and last row (of a vector, all).
// Training changes every row and every norm, so another model shows; a changed value in between does not. The same tensors
// in other files, or cut into other shards, have the same hash.

export interface HashedCheckpoint {
  readonly tensors: ReadonlyMap<string, { readonly dtype: string; readonly shape: readonly number[] }>
  read(name: string, from?: number, to?: number, signal?: AbortSignal): Promise<Uint8Array>
}

/** 64 digits. @throws what reading throws; signal.reason */
export async function sourceHash(
  config: Uint8Array,
  checkpoint: HashedCheckpoint,
  signal?: AbortSignal,
): Promise<string> {
  const pieces: Uint8Array[] = [config]
  const names = [...checkpoint.tensors.keys()].sort()
  for (const name of names) {
    const { dtype, shape } = checkpoint.tensors.get(name)!
    pieces.push(new TextEncoder().encode(`\n${JSON.stringify([name, dtype, shape])}\n`))
    for (const [from, to] of samples(shape)) pieces.push(await checkpoint.read(name, from, to, signal))
  }
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(pieces as BlobPart[]).arrayBuffer())
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function samples(shape: readonly number[]): [number, number][] {
  const rows = shape[0] ?? 1
  if (shape.length < 2 || rows <= 3) return [[0, rows]]
  return [0, rows >> 1, rows - 1].map((row) => [row, row + 1])
}
