// config.json, of a model that reads images and of one that does not. An accepted config holds whole sizes that agree with each other.
import { parseConfig } from '../../../src/config/parse.ts'
import { configText } from '../../config/configs.ts'
import { jsonExtremes } from '../extremes/texts.ts'
import { changeJson } from '../json-text.ts'
import { hold, type Parser } from '../parser.ts'

const keys = ['hidden_size', 'head_dim', 'num_attention_heads', 'num_key_value_heads', 'vocab_size', 'rope_scaling']
const more = ['mrope_section', 'eos_token_id', 'sliding_window', 'quantization_config', 'rope_parameters', 'model_type']
const words = [
  ...[...keys, ...more, 'architectures', 'SailForCausalLM', 'LlamaForCausalLM', 'llama', 'silu', 'gelu'].map(
    (word) => `"${word}"`,
  ),
  ...['[0,2,2]', '[1,2]', '8', '16', '4096', '1e-5', '["MistralForCausalLM"]', '{"type":"linear","factor":2}'],
]
const names = ['tiny-a', 'tiny-window', 'text-llama'].map((name) => `golden/cases/models/${name}/config.json`)
const file = 'config.json'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export const config: Parser = {
  name: 'config.json',
  seeds: (read) => [
    bytes(configText()),
    bytes(configText({ head_dim: 12, num_attention_heads: 3, num_key_value_heads: 3, mrope_section: [2, 2, 2] })),
    bytes(
      configText({
        sliding_window: 24,
        eos_token_id: [2, 3],
        rope_parameters: { rope_type: 'default', rope_theta: 5e5 },
      }),
    ),
    ...names.map(read),
  ],
  change: (seed, random) => bytes(changeJson(new TextDecoder().decode(seed), random, words)),
  async run(bytes) {
    const { dims, ropeSections, eosIds } = parseConfig({ config: bytes, generation: null, hasVisEmbed: true, file })
    hold(
      Object.values(dims).every((d) => Number.isInteger(d) && d > 0),
      'sizes are positive integers',
    )
    hold(dims.H % dims.G === 0, 'heads divide')
    hold(ropeSections.reduce((sum, section) => sum + section, 0) === dims.E / 2, 'rope sections cover a head')
    hold(
      eosIds.every((id) => id >= 0 && id < dims.V),
      'end tokens are ids',
    )
    JSON.parse(new TextDecoder().decode(bytes)) // whatever our reader takes for JSON, the engine's does too
    parseConfig({ config: bytes, generation: '{"eos_token_id":[0]}', hasVisEmbed: false, file })
    return bytes.length
  },
  extremes: jsonExtremes,
  codes: /^E_CONFIG_[A-Z0-9_]+$/,
}
