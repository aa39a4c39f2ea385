// Vectors are joined only by a V8 with which the tests of the kernels have passed.
import { expect, test } from 'vitest'
import { joinVectors, vectorBits } from '../../src/node/vectors.ts'

test('a V8 that the kernels were not tested with is left as it is', () => {
  const before = vectorBits()
  joinVectors('99.0.1.2')
  expect(vectorBits()).toBe(before)
})
