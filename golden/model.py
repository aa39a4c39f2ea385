"""SAIL in PyTorch, written again from its description: the model that `train.py` trains and the golden files are checked with.

One decoder-only transformer reads raw patches and text: embed_tokens[id] + vis_embed(patch) at `<vpatch>`, then L layers of
RMSNorm, GQA attention with M-RoPE over (t, h, w), RMSNorm, SwiGLU. The image prefix sees itself in both directions, text is causal.
Leading batch axes are optional everywhere, so that captured stages have the shapes of FORMAT.md: (S, D), (H, S, E), (H, S, K).
Source: upstream `modeling_sail.py` (layers) and `example.py` (sequence, passes); tensor names are upstream's.
"""
import json
import math
from dataclasses import dataclass, fields
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

@dataclass
class Config:
    """config.json with upstream's defaults; `vision_patch_size` has none there, so a file without it fails here too.
    A Llama checkpoint (text only) has no patches, transformers' LlamaConfig's defaults, and maybe biases or a tied head."""
    vision_patch_size: int | None
    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 14336
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int = 8
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    sliding_window: int | None = 4096
    attention_bias: bool = False
    tie_word_embeddings: bool = False

    @property
    def head_size(self):
        return self.hidden_size // self.num_attention_heads

    @staticmethod
    def read(folder):
        raw = json.loads((Path(folder) / 'config.json').read_text())
        if raw.get('model_type') == 'llama':
            raw = {'vision_patch_size': None, 'sliding_window': None, 'num_key_value_heads': raw['num_attention_heads'], **raw}
        return Config(**{f.name: raw[f.name] for f in fields(Config) if f.name in raw})


class RMSNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight; the first part in f32, rounded to x's type before the product, as upstream."""
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)).to(x.dtype)


def rope_tables(position_ids, config, dtype):
    """cos, sin (..., S, E) of f32(position) * inv_freq; sections [0, E/4, E/4]: low half of the frequencies h, high half w.
    The three positions of a text token are equal, so on text alone this is the rotary embedding of Llama."""
    E = config.head_size
    inv_freq = 1.0 / (config.rope_theta ** (torch.arange(0, E, 2, dtype=torch.int64).float() / E))
    _, h, w = (axis[..., None].float() * inv_freq for axis in position_ids)
    angle = torch.cat((h[..., : E // 4], w[..., E // 4 :]), -1)
    angle = torch.cat((angle, angle), -1)
    return angle.cos().to(dtype), angle.sin().to(dtype)


def rotate(x, cos, sin):
    """Rotate-half layout: frequency j turns the pair (x[j], x[j + E/2]). x (..., heads, S, E), cos and sin (..., S, E)."""
    low, high = x.chunk(2, -1)
    return x * cos.unsqueeze(-3) + torch.cat((-high, low), -1) * sin.unsqueeze(-3)


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        D, E, G, bias = config.hidden_size, config.head_size, config.num_key_value_heads, config.attention_bias
        self.config = config
        self.q_proj, self.o_proj = nn.Linear(D, D, bias=bias), nn.Linear(D, D, bias=bias)
        self.k_proj, self.v_proj = nn.Linear(D, G * E, bias=bias), nn.Linear(D, G * E, bias=bias)

    def forward(self, x, cos, sin, mask, past, see, fused):
        E, repeat = self.config.head_size, self.config.num_attention_heads // self.config.num_key_value_heads
        heads = lambda y: y.unflatten(-1, (-1, E)).transpose(-3, -2)  # (..., S, heads * E) -> (..., heads, S, E)
        q, k, v = see('q', self.q_proj(x)), see('k', self.k_proj(x)), see('v', self.v_proj(x))
        q, k, v = see('q_rope', rotate(heads(q), cos, sin)), see('k_rope', rotate(heads(k), cos, sin)), heads(v)
        if past:
            k, v = torch.cat((past[0], k), -2), torch.cat((past[1], v), -2)
        kept = (k, v)
        k, v = k.repeat_interleave(repeat, -3), v.repeat_interleave(repeat, -3)
        if fused:  # the same mathematics in one call; only training uses it, weights cannot be captured from it
            mixed = F.scaled_dot_product_attention(q, k, v, mask.unsqueeze(-3))
        else:
            scores = q @ k.transpose(-1, -2) / math.sqrt(E)
            scores = scores.masked_fill(~mask.unsqueeze(-3), torch.finfo(scores.dtype).min)
            mixed = see('attn_weights', scores.softmax(-1, dtype=torch.float32).to(q.dtype)) @ v
        return see('attn_out', self.o_proj(see('attn_heads', mixed.transpose(-3, -2).flatten(-2)))), kept


class MLP(nn.Module):
    """down(silu(gate(x)) * up(x))"""
    def __init__(self, config):
        super().__init__()
        D, width = config.hidden_size, config.intermediate_size
        self.gate_proj, self.up_proj = nn.Linear(D, width, bias=False), nn.Linear(D, width, bias=False)
        self.down_proj = nn.Linear(width, D, bias=False)

    def forward(self, x, see):
        gate, up = see('gate', self.gate_proj(x)), see('up', self.up_proj(x))
        return see('mlp_out', self.down_proj(see('act', F.silu(gate) * up)))


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.self_attn, self.mlp = Attention(config), MLP(config)
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(self, x, cos, sin, mask, past, see, fused):
        attended, kept = self.self_attn(see('attn_norm', self.input_layernorm(x)), cos, sin, mask, past, see, fused)
        x = see('attn_residual', x + attended)
        return see('out', x + self.mlp(see('mlp_norm', self.post_attention_layernorm(x)), see)), kept


class Sail(nn.Module):
    def __init__(self, config):
        super().__init__()
        D, p = config.hidden_size, config.vision_patch_size
        self.config, self.fused = config, False
        self.model = nn.Module()  # only so that the tensor names are upstream's
        self.model.embed_tokens = nn.Embedding(config.vocab_size, D)
        if p is not None:
            self.model.vis_embed = nn.Linear(3 * p * p, D, bias=False)
        self.model.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.model.norm = RMSNorm(D, config.rms_norm_eps)
        self.lm_head = nn.Linear(D, config.vocab_size, bias=False)

    def embed(self, input_ids, patches=None, vision_patch_indices=None):
        """embed_tokens[id], plus (not instead) vis_embed(patch) where vision_patch_indices >= 0. -> (..., S, D)"""
        x = self.model.embed_tokens(input_ids)
        if patches is None:
            return x
        at = vision_patch_indices >= 0
        seen = self.model.vis_embed(patches.to(self.model.vis_embed.weight.dtype))
        return x.index_put((at,), x[at] + seen[vision_patch_indices[at]].to(x.dtype))

    def hidden(self, x, position_ids, mask, cache=None, capture=None, name='prefix'):
        """Layers and final norm on embeddings x (..., S, D). mask (..., S, K), True where the query sees the key.
        `cache`, a list, holds one (k, v) a layer and is updated in place. `capture`, a dict, gets `<name>.<stage>`."""
        keep = lambda key, value: capture.__setitem__(f'{name}.{key}', value.detach().clone()) if capture is not None else None
        cos, sin = rope_tables(position_ids, self.config, x.dtype)
        for key, value in (('embed', x), ('rope.cos', cos), ('rope.sin', sin), ('mask', mask)):
            keep(key, value)
        for i, layer in enumerate(self.model.layers):
            see = lambda key, value: (keep(f'layers.{i}.{key}', value), value)[1]
            x, kept = layer(x, cos, sin, mask, cache[i] if cache and i < len(cache) else None, see, self.fused and capture is None)
            if cache is not None:
                cache[i : i + 1] = [kept]
        x = self.model.norm(x)
        keep('final_norm', x)
        return x

    def forward(self, input_ids, position_ids, mask, patches=None, vision_patch_indices=None, cache=None, capture=None, name='prefix'):
        """-> logits (..., S, V), f32 as upstream (f64 stays f64). position_ids (3, ..., S), patches (P, 3 * p * p)."""
        x = self.embed(input_ids, patches, vision_patch_indices)
        logits = self.lm_head(self.hidden(x, position_ids, mask, cache, capture, name))
        if capture is not None:
            capture[f'{name}.logits'] = logits.detach().clone()
        return logits if logits.dtype == torch.float64 else logits.float()


def load(folder, dtype=torch.float32):
    """The checkpoint in `folder` (one safetensors file or several), its weights widened or rounded to `dtype`."""
    model, weights = Sail(Config.read(folder)), {}
    for file in sorted(Path(folder).glob('*.safetensors')):
        weights.update(load_file(file))
    if model.config.tie_word_embeddings:
        weights['lm_head.weight'] = weights['model.embed_tokens.weight']
    model.load_state_dict({name: w.to(dtype) for name, w in weights.items()})
    return model.to(dtype).eval()


def save(model, file, dtype=torch.bfloat16):
    save_file({k: v.detach().to(dtype).contiguous() for k, v in model.state_dict().items()}, file, metadata={'format': 'pt'})
