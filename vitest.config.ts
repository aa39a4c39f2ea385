import { defineConfig } from 'vitest/config'

// fuzz: mutations of the parsers' files. pictures: suites that golden/image_suites.py fetches.
// unit: fast, needs nothing outside the repository. golden: whole models against dumps made by PyTorch.
const elsewhere = ['test/fuzz/**', 'test/image/suites.test.ts']

// To run the kernels' tests with flags of V8, such as --experimental-wasm-revectorize --no-liftoff: the second compiles well at once.
const execArgv = process.env.SAIL_TEST_V8?.split(' ') ?? []

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          execArgv,
          globalSetup: ['test/support/compile-kernels.ts'],
          include: ['test/**/*.test.ts'],
          exclude: [...elsewhere, 'test/golden/**', 'test/package/**', 'test/browser/**', 'test/webgpu/**'],
        },
      },
      { test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: 600_000, hookTimeout: 900_000 } },
      { test: { name: 'pictures', include: ['test/image/suites.test.ts'], testTimeout: 600_000 } },
      {
        test: {
          name: 'golden',
          execArgv,
          include: ['test/golden/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'webgpu',
          globalSetup: ['test/support/compile-kernels.ts', 'test/support/software-gpu.ts'],
          include: ['test/webgpu/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], testTimeout: 600_000, hookTimeout: 600_000 } },
      { test: { name: 'package', include: ['test/package/**/*.test.ts'], testTimeout: 600_000, hookTimeout: 600_000 } },
    ],
  },
})
