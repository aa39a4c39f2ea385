import { describe, expect, test } from 'vitest'
import { decimal, integer, integerOrAuto, list, size } from '../../src/cli/flag-values.ts'
import { toJson } from '../../src/cli/json.ts'
import { imageName } from '../../src/cli/metadata.ts'
import { withoutControls } from '../../src/cli/terminal.ts'

describe('text for a terminal', () => {
  test('keeps words, newlines and tabs and nothing that moves the cursor', () => {
    const [esc, bell, csi] = [27, 7, 0x9b].map((code) => String.fromCharCode(code))
    expect(withoutControls(`a${esc}[2J b${bell}${csi}31m\tc\r\nd é 图 🙂`)).toBe('a[2J b31m\tc\nd é 图 🙂')
  })
})

describe('JSON', () => {
  test('writes NaN and the infinities as strings', () => {
    expect(toJson({ a: [Number.NaN, 1], b: Number.POSITIVE_INFINITY, c: null })).toBe(
      '{"a":["NaN",1],"b":"Infinity","c":null}',
    )
  })
})

describe('flag values', () => {
  test('are taken in range and refused outside of it', () => {
    expect([integer(1, 9)('9'), integer(-5, 5)('-5'), integerOrAuto(1, 9)('auto')]).toEqual([9, -5, 'auto'])
    for (const bad of ['0', '10', '1.5', '', ' 1', '1e1', '0x1', 'NaN']) expect(() => integer(1, 9)(bad), bad).toThrow()
    expect([decimal(0, 2)('0'), decimal(0, 2)('1.5e-1'), decimal(0, 2)('.5')]).toEqual([0, 0.15, 0.5])
    for (const bad of ['-0.1', '2.1', 'Infinity', 'NaN', '', '1,5']) expect(() => decimal(0, 2)(bad), bad).toThrow()
    expect(() => decimal(0, 2, true)('0')).toThrow()
    expect(size('640x480')).toEqual({ width: 640, height: 480 })
    for (const bad of ['640', '0x4', 'x', '1x-1']) expect(() => size(bad), bad).toThrow()
    expect(list('a, b')).toEqual(['a', 'b'])
    expect(() => list('a,,b')).toThrow()
  })
})

describe('the image in metadata', () => {
  test('is relative to the dump or the folder above it, else a bare name', () => {
    expect(imageName('/d/images/a.png', '/d/cases/x.safetensors')).toBe('images/a.png')
    expect(imageName('/d/cases/a.png', '/d/cases/x.safetensors')).toBe('a.png')
    expect(imageName('/elsewhere/a.png', '/d/cases/x.safetensors')).toBe('a.png')
    expect(imageName('-', '/d/x')).toBe('stdin')
  })
})
