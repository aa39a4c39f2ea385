// What config.json says of the rotary embedding. Only the plain form exists here: frequencies theta^(-2j/E), no scaling
// of any kind, since a scaling that is not applied shifts every angle without a sign of it. The sections say how many of
// the E / 2 frequencies belong to the axes t, h, w: M-RoPE [0, E/4, E/4] (SAIL: [0, 32, 32] at E = 128), 1-D [E/2, 0, 0].
import { SailError } from '../errors.ts'
import { type Fields, real, shown } from './fields.ts'

export type Sections = readonly [number, number, number]

/**
 * theta, from `rope_theta`, or from `rope_parameters` as newer versions write it.
 * @throws SailError E_CONFIG_ROPE_SCALING for a scaling or a partial rotation; E_CONFIG_VALUE
 */
export function ropeTheta(fields: Fields, missing: number): number {
  const { object, file } = fields
  const refuse = (place: string, expected: string): SailError =>
    new SailError('E_CONFIG_ROPE_SCALING', {
      file,
      place,
      expected,
      found: shown(object.get(place)),
      hint: 'this rope is not supported',
    })
  if ((object.get('rope_scaling') ?? null) !== null) throw refuse('rope_scaling', 'none, or null')
  if ((object.get('partial_rotary_factor') ?? 1) !== 1) throw refuse('partial_rotary_factor', '1')
  if ((object.get('rope_interleaved') ?? false) !== false) throw refuse('rope_interleaved', 'false')
  const parameters = object.get('rope_parameters') ?? null
  if (parameters === null) return real(fields, 'rope_theta', 1, 1e12, missing)
  const known = ['rope_theta', 'rope_type', 'type']
  if (!(parameters instanceof Map) || [...parameters.keys()].some((key) => !known.includes(key))) {
    throw refuse('rope_parameters', 'rope_type and rope_theta only')
  }
  for (const key of ['rope_type', 'type']) {
    if ((parameters.get(key) ?? 'default') !== 'default') throw refuse('rope_parameters', `${key} "default"`)
  }
  return real({ object: parameters, file }, 'rope_theta', 1, 1e12, real(fields, 'rope_theta', 1, 1e12, missing))
}

/**
 * Frequencies of the axes t, h, w: `mrope_section` where given, else the family's rule.
 * @throws SailError E_CONFIG_ROPE_SECTIONS
 */
export function ropeSections({ object, file }: Fields, E: number, rule: 'mrope' | '1d'): Sections {
  const given = object.get('mrope_section') ?? null
  if (given === null) {
    if (rule === '1d') return [E / 2, 0, 0]
    if (E % 4 === 0) return [0, E / 4, E / 4]
    throw new SailError('E_CONFIG_ROPE_SECTIONS', {
      file,
      place: 'head size',
      expected: 'a multiple of 4',
      found: `${E}`,
    })
  }
  const isCount = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0
  if (Array.isArray(given) && given.length === 3 && given.every(isCount)) {
    const [t, h, w] = given
    if (t + h + w === E / 2) return [t, h, w]
  }
  const expected = `three integers of 0 or more that add up to ${E / 2}`
  throw new SailError('E_CONFIG_ROPE_SECTIONS', { file, place: 'mrope_section', expected, found: shown(given) })
}
