// Where dumps made by PyTorch are found: the project's own, and the shared ones where a checkout has them.
import { existsSync, readdirSync } from 'node:fs'
import { root, shared } from './golden.ts'

export interface GoldenDump {
  /** p14-landscape.f32 */
  readonly name: string
  readonly path: string
  /** Folder of the checkpoint. */
  readonly model: string
  readonly dtype: 'f32' | 'f64' | 'bf16'
  /** X.f64 beside X.f32 or X.bf16, X.f32 beside X.f64; null when it is not there. */
  readonly sibling: string | null
}

const places = [
  { cases: `${root}golden/cases/`, models: `${root}golden/cases/models/` },
  ...(shared === null ? [] : [{ cases: `${shared}cases/`, models: `${shared}models/` }]),
]

export const goldenDumps: readonly GoldenDump[] = places.flatMap(({ cases, models }) =>
  readdirSync(cases).flatMap((file) => {
    const [, name, dtype] = /^(.*)\.(f32|f64|bf16)\.safetensors$/.exec(file) ?? []
    if (name === undefined) return []
    const other = `${cases}${name}.${dtype === 'f64' ? 'f32' : 'f64'}.safetensors`
    return [
      {
        name: `${name}.${dtype}`,
        path: `${cases}${file}`,
        model: models + modelOf(name, readdirSync(models)),
        dtype: dtype as GoldenDump['dtype'],
        sibling: existsSync(other) ? other : null,
      },
    ]
  }),
)

/** Cases are called after their model: p14-wide, p32-portrait (p32-window), tiny-a-image. */
function modelOf(name: string, models: readonly string[]): string {
  const exact = models.find((model) => name === model || name.startsWith(`${model}-`))
  return exact ?? models.find((model) => model.startsWith(name.split('-')[0])) ?? name
}
