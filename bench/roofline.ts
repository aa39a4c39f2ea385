// The roofline plot: how many operations a byte of memory pays for (across) against operations a second (up), both
// logarithmic. The slope is what reading memory allows, the flats are what each instruction allows; a kernel on its line
// could not be faster on this machine. Plain SVG text, readable on light and dark pages.
import type { Roofs } from '../src/cli/bench/roofs.ts'
import type { KernelResult, Row } from './kernels/rows.ts'

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [760, 420, 60, 48]
const [X, Y] = [
  [0.25, 4096],
  [2, 800],
]
const colours: Readonly<Record<string, string>> = {
  f32: '#1f77b4',
  bf16: '#2ca02c',
  q8: '#d62728',
  q4: '#9467bd',
  attention: '#e08214',
}
const bitsOf: Readonly<Record<string, number>> = { f32: 32, bf16: 16, q8: 8.5, q4: 4.5 }

export function roofline({ roofs, machine, threads, build, rows }: KernelResult): string {
  const points = rows.flatMap(point)
  const parts = [
    `<text x="${WIDTH / 2}" y="18" text-anchor="middle">${machine.cpu}, ${threads} threads, ${build}, Node ${machine.node}</text>`,
    `<text x="${WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle">operations a byte</text>`,
    `<text x="14" y="${HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 ${HEIGHT / 2})">10⁹ operations a second</text>`,
    ...[1, 4, 16, 64, 256, 1024].map(
      (x) => `<text x="${across(x)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${x}</text>`,
    ),
    ...[4, 16, 64, 256].map((y) => `<text x="${LEFT - 6}" y="${up(y) + 4}" text-anchor="end">${y}</text>`),
    ...lines(roofs),
    ...points,
    ...Object.entries(colours).map(([name, colour], i) => legend(name, colour, i)),
  ]
  const title = '<title>Operations a byte against operations a second: kernels under their roofs</title>'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#777">\n${title}\n${parts.join('\n')}\n</svg>\n`
}

function lines(roofs: Roofs): string[] {
  const read = roofs.read?.median ?? Number.NaN
  const flats = Object.entries(roofs).filter(([name]) => name !== 'read')
  const top = Math.max(...flats.map(([, { median }]) => median))
  const stroke = 'stroke="#777" fill="none"'
  const slope = `<path d="M${across(X[0])} ${up(Math.max(Y[0], X[0] * read))}L${across(top / read)} ${up(top)}" ${stroke}/>`
  const label = `<text x="${across(0.6)}" y="${up(0.6 * read) - 10}">reading, ${read.toFixed(0)} GB/s</text>`
  return [
    slope,
    label,
    ...flats.flatMap(([name, { median }]) => [
      `<path d="M${across(median / read)} ${up(median)}H${WIDTH - 10}" ${stroke} stroke-dasharray="4 3"/>`,
      `<text x="${WIDTH - 12}" y="${up(median) - 4}" text-anchor="end">${name}, ${median.toFixed(0)}</text>`,
    ]),
  ]
}

function point(row: Row): string[] {
  const { kernel, rows, inner, cols, rate, unit } = row
  const format = kernel.startsWith('attention') ? 'attention' : kernel.split('_')[1]
  const attention = format === 'attention'
  const flops = attention ? 4 * cols * rows * inner : 2 * rows * inner * cols
  const cacheBytes = kernel.endsWith('f16') ? 2 : 4
  const bytes = attention
    ? (2 * inner * cols * cacheBytes) / 4 + 8 * rows * cols
    : (inner * cols * bitsOf[format]) / 8 + 4 * rows * (inner + cols)
  const gflops =
    unit === 'GB/s' ? (rate.median * flops) / (attention ? (2 * inner * cols * cacheBytes) / 4 : bytes) : rate.median
  const [x, y] = [across(flops / bytes), up(gflops)]
  const title = `${kernel} ${rows} x ${inner} x ${cols}: ${gflops.toPrecision(3)}`
  return [
    `<circle cx="${x}" cy="${y}" r="4" fill="${colours[format]}" fill-opacity="0.7"><title>${title}</title></circle>`,
  ]
}

function legend(name: string, colour: string, i: number): string {
  const y = HEIGHT - BOTTOM - 90 + i * 16
  return `<circle cx="${WIDTH - 110}" cy="${y - 4}" r="4" fill="${colour}"/><text x="${WIDTH - 100}" y="${y}">${name}</text>`
}

function across(x: number): number {
  return round(LEFT + ((WIDTH - LEFT - 10) * Math.log(x / X[0])) / Math.log(X[1] / X[0]))
}

function up(y: number): number {
  return round(HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - 28) * Math.log(y / Y[0])) / Math.log(Y[1] / Y[0]))
}

const round = (value: number): number => Math.round(value * 10) / 10
