// The README's table of the webgpu backend, with the adapter that gave it: a software adapter's figures say nothing of a GPU.
import type { GpuResult, GpuRow } from './kernels/webgpu.ts'

export function gpuTable({ adapter, machine, roofs, rows, model }: GpuResult): string {
  const kind = adapter.software
    ? `**A software adapter, which computes on the CPU: these figures say nothing of a GPU.** ${adapter.name}`
    : `Adapter: ${adapter.name}`
  const [{ rows: many, inner, cols }] = rows.filter((row) => row.rows > 1)
  const formats = [...new Set(rows.map(({ kernel }) => kernel.split('_')[1]))]
  const cell = (kernel: string): string => {
    const row = rows.find((each) => each.kernel === kernel)
    return row === undefined ? '' : text(row)
  }
  const prefix = model.prefix.at(-1)!
  const [pass, token] = [prefix.tokens / prefix.seconds.median, 1 / model.decode.seconds.median]
  return [
    `${kind}, on ${machine.cpu}, ${machine.cores} cores: multiply-add ${figure(roofs.madd?.median)} GFLOP/s, reading ${figure(roofs.read?.median)} GB/s.`,
    '',
    `| ${inner} x ${cols} | ${many} rows, GFLOP/s (of multiply-add) | one row, GB/s of weights (of reading) |`,
    '|---|---|---|',
    ...formats.map((format) => `| ${format} | ${cell(`matmul_${format}`)} | ${cell(`matvec_${format}`)} |`),
    '',
    `The model in the box: a prefix pass of ${prefix.tokens} tokens at ${figure(pass)} tokens a second, decode behind ${model.decode.context} at ${figure(token)}.`,
  ].join('\n')
}

function text({ rate, share }: GpuRow): string {
  return `${figure(rate.median)} (${(100 * share).toFixed(0)} %)`
}

function figure(value: number | undefined): string {
  return (value ?? Number.NaN).toPrecision(3)
}
