// A parser with every fault there is, so that a test can see that the fuzzer finds each: it is never run with the others.
import { SailError } from '../../../src/errors.ts'
import { hold, type Parser } from '../parser.ts'

const cases: readonly (() => number)[] = [
  () => 1,
  () => {
    throw new SailError('E_FAULTY_REFUSED', { file: 'x' })
  },
  () => {
    throw new TypeError('an untyped error')
  },
  () => {
    throw new SailError('E_OTHER_CODE', { file: 'x' })
  },
  () => {
    hold(false, 'a promise')
    return 0
  },
  () => {
    const spent = (): number => process.cpuUsage().user + process.cpuUsage().system
    for (const start = spent(); spent() - start < 1_500_000; );
    return 0
  },
  () => new Uint8Array(200 << 20).fill(1)[7] - 1,
  () => {
    for (;;);
  },
]

export const faulty: Parser = {
  name: 'faulty',
  seeds: () => [Uint8Array.of(0)],
  change: (seed) => seed,
  // Random inputs are all sound: the faults are the kept files, test/fixtures/fuzz/faulty/.
  run: async (bytes) => (bytes.length === 2 && bytes[1] === 0xfa ? cases[bytes[0]]() : 1),
  extremes: () => [],
  codes: /^E_FAULTY_/,
}
