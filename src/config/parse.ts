// config.json and generation_config.json -> ModelConfig. Every number is checked for type and bounds; a key that is
// missing takes the family's default where it has one; whatever would make another model than the one built here (an
// activation, a rope scaling, quantised weights) is an error. Keys that change nothing at inference are ignored.
// Source: upstream `SailConfig`; MistralConfig and LlamaConfig of transformers 4.42.
import { SailError } from '../errors.ts'
import { eosIds } from './eos.ts'
import { type Family, families } from './family.ts'
import { boolean, type Fields, integer, real, shown } from './fields.ts'
import { readJson } from './json.ts'
import type { Dims, ModelConfig } from './model-config.ts'
import { ropeSections, ropeTheta } from './rope.ts'

export interface ConfigFiles {
  /** config.json: its text, or its bytes. */
  readonly config: string | Uint8Array
  /** generation_config.json, null when there is no such file. */
  readonly generation: string | Uint8Array | null
  /** Whether the checkpoint holds the patch embedding, `families.sail.patchEmbed`: without it, it is a text model. */
  readonly hasVisEmbed: boolean
  /** Name of config.json in errors; that of generation_config.json is made from it. */
  readonly file: string
}

const maxBytes = 1 << 20
const maxCount = 2 ** 31 - 1

/**
 * @throws SailError E_CONFIG_JSON, _DUPLICATE, _DEPTH, _NUMBER, _SIZE, _UTF8 (no readable JSON), E_CONFIG_ARCHITECTURE,
 *   E_CONFIG_MISSING, E_CONFIG_VALUE, E_CONFIG_HEADS, E_CONFIG_ACTIVATION, E_CONFIG_ROPE_SCALING, E_CONFIG_ROPE_SECTIONS,
 *   E_CONFIG_EOS, E_CONFIG_QUANTIZED, E_CONFIG_UNSUPPORTED
 */
export function parseConfig({ config, generation, hasVisEmbed, file }: ConfigFiles): ModelConfig {
  const fields = readObject(config, file)
  const family = familyOf(fields, hasVisEmbed)
  checkSupported(fields, family)
  const dims = readDims(fields, family)
  const bias = boolean(fields, 'attention_bias', false)
  const other =
    generation === null ? null : readObject(generation, file.replace(/config\.json$/, 'generation_config.json'))
  return {
    family,
    dims,
    patchSize: family.patchEmbed === null ? null : integer(fields, 'vision_patch_size', 1, 1024),
    rmsNormEps: real(fields, 'rms_norm_eps', Number.MIN_VALUE, 1, family.defaults.rmsNormEps),
    ropeTheta: ropeTheta(fields, family.defaults.ropeTheta),
    ropeSections: ropeSections(fields, dims.E, family.ropeSections),
    slidingWindow: slidingWindow(fields, family),
    maxPositions: integer(fields, 'max_position_embeddings', 1, maxCount, family.defaults.maxPositions),
    tied: boolean(fields, 'tie_word_embeddings', false),
    bias: { q: bias, k: bias, v: bias, o: bias },
    eosIds: eosIds(fields, other, dims.V, family.defaults.eosIds),
  }
}

function readObject(text: string | Uint8Array, file: string): Fields {
  const object = readJson(text, { file, subject: 'CONFIG', maxBytes, maxDepth: 16 })
  if (object instanceof Map) return { object, file }
  throw new SailError('E_CONFIG_JSON', { file, expected: 'an object', found: shown(object) })
}

/** Architectures that the graph computes, with the `model_type` that each goes with. */
const architectures = new Map([
  ['SailForCausalLM', 'mistral'],
  ['MistralForCausalLM', 'mistral'],
  ['LlamaForCausalLM', 'llama'],
])

function familyOf({ object, file }: Fields, hasVisEmbed: boolean): Family {
  const refuse = (place: string, expected: string): SailError =>
    new SailError('E_CONFIG_ARCHITECTURE', { file, place, expected, found: shown(object.get(place)) })
  const names = object.get('architectures') ?? []
  if (!Array.isArray(names)) throw refuse('architectures', 'a list')
  const implied = names.map((name) => (typeof name === 'string' ? architectures.get(name) : undefined))
  if (implied.includes(undefined)) throw refuse('architectures', `one of ${[...architectures.keys()].join(', ')}`)
  const type = object.get('model_type') ?? implied[0]
  const known = hasVisEmbed ? [families.sail] : [families.text, families.mistral]
  const family = known.find(({ modelTypes }) => typeof type === 'string' && modelTypes.includes(type))
  if (family !== undefined && implied.every((t) => t === type)) return family
  const expected = known.flatMap(({ modelTypes }) => modelTypes).join(' or ')
  throw refuse(
    'model_type',
    `${expected}, with an architecture of the same${hasVisEmbed ? ' (the checkpoint holds a patch embedding)' : ''}`,
  )
}

/** What would make another model of it. */
function checkSupported({ object, file }: Fields, family: Family): void {
  const refuse = (code: `E_${string}`, place: string, expected: string): void => {
    throw new SailError(code, { file, place, expected, found: shown(object.get(place)) })
  }
  if ((object.get('hidden_act') ?? 'silu') !== 'silu') refuse('E_CONFIG_ACTIVATION', 'hidden_act', '"silu"')
  if ((object.get('quantization_config') ?? null) !== null) {
    refuse('E_CONFIG_QUANTIZED', 'quantization_config', 'none: the original weights, in F64, F32, F16 or BF16')
  }
  if ((object.get('mlp_bias') ?? false) !== false) refuse('E_CONFIG_UNSUPPORTED', 'mlp_bias', 'false')
  if (family.defaults.slidingWindow === null && (object.get('sliding_window') ?? null) !== null) {
    refuse(
      'E_CONFIG_UNSUPPORTED',
      'sliding_window',
      `none: a model of type ${family.modelTypes.join(', ')} has no window`,
    )
  }
}

function readDims(fields: Fields, { defaults }: Family): Dims {
  const D = integer(fields, 'hidden_size', 1, 1 << 17)
  const H = integer(fields, 'num_attention_heads', 1, 4096)
  const missingG = defaults.numKeyValueHeads === 'H' ? H : defaults.numKeyValueHeads
  // null is not missing: it means as many as query heads.
  const G =
    fields.object.get('num_key_value_heads') === null ? H : integer(fields, 'num_key_value_heads', 1, 4096, missingG)
  const given = (fields.object.get('head_dim') ?? null) !== null
  const E = given ? integer(fields, 'head_dim', 2, 4096) : D / H
  const refuse = (place: string, expected: string, found: string): SailError =>
    new SailError('E_CONFIG_HEADS', { file: fields.file, place, expected, found })
  if (!Number.isInteger(E)) throw refuse('num_attention_heads', `a divisor of hidden_size ${D}`, `${H}`)
  if (E % 2 !== 0) throw refuse(given ? 'head_dim' : 'num_attention_heads', 'an even head size', `${E}`)
  if (H % G !== 0) throw refuse('num_key_value_heads', `a divisor of num_attention_heads ${H}`, `${G}`)
  const L = integer(fields, 'num_hidden_layers', 1, 1024)
  const F = integer(fields, 'intermediate_size', 1, 1 << 20)
  const V = integer(fields, 'vocab_size', 1, 1 << 24)
  return { D, L, H, G, E, F, V }
}

function slidingWindow(fields: Fields, { defaults }: Family): number | null {
  const value = fields.object.get('sliding_window')
  if (value === undefined) return defaults.slidingWindow
  return value === null ? null : integer(fields, 'sliding_window', 1, maxCount)
}
