// gather_q8 against the packer's TypeScript twin: a gathered row is what unpackPanel says the packed table holds.
import { describe, expect, test } from 'vitest'
import { packPanel, unpackPanel } from '../../src/weights/formats/packed.ts'
import { Arena, buildNames, distinct, expectSameBits, modules } from './arena.ts'

const V = 19

for (const build of buildNames)
  describe.skipIf(modules[build] === null)(`${build} build${modules[build] ? '' : ' (no relaxed SIMD here)'}`, () => {
    test.each([1, 3, 31, 32, 33, 100])('rows of %s values, ids in any order', (D) => {
      const arena = new Arena(build)
      const values = distinct(V * D)
      const panels = [0, 8, 16].map((row) => packPanel('q8', values.slice(row * D, Math.min(V, row + 8) * D), D))
      const packed = new Uint8Array(panels.flatMap((panel) => [...panel]))
      const table = arena.put(new Uint16Array(packed.buffer))
      const ids = Int32Array.of(18, 0, 7, 8, 0, 16)
      const [idsAt, out] = [arena.put(ids), arena.room(ids.length * D * 4)]
      arena.call('gather_q8', [out, table, idsAt, D, 0, 2], [out])
      arena.call('gather_q8', [out, table, idsAt, D, 2, ids.length], [out])
      const wanted = [...ids].flatMap((id) => {
        const panel = unpackPanel('q8', panels[id >> 3], D)
        return [...panel.subarray((id & 7) * D, (id & 7) * D + D)]
      })
      expect(wanted.length).toBe(ids.length * D)
      expectSameBits(arena.f32(out), Float32Array.from(wanted))
    })
  })
