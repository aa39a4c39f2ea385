"""The layers of `model.py` once more, for training alone: the same mathematics with fewer passes over memory, and in bf16.

On a CPU the elementwise steps cost more than the products, so norms and rotations have hand-written gradients, the mask is added and the scores are
scaled inside one product, and the query heads of a group are rows of one matrix, so that keys are not repeated.
"""
import math

import torch
import torch.nn.functional as F

from model import rope_tables


class Norm(torch.autograd.Function):
    """y = n * w with n = x / sqrt(mean(x^2) + eps).  dw = sum(dy * n),  dx = (dy * w - n * mean(dy * w * n)) / sqrt(..)"""
    @staticmethod
    def forward(ctx, x, w, eps):
        size = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
        inverse = torch.rsqrt(size * size / x.shape[-1] + eps).to(x.dtype)
        n = x * inverse
        ctx.save_for_backward(n, w, inverse)
        return n * w

    @staticmethod
    def backward(ctx, dy):
        n, w, inverse = ctx.saved_tensors
        product = dy * n
        mean = (product @ w / len(w))[..., None]
        dx = (dy * w).addcmul_(n, mean, value=-1).mul_(inverse)
        return dx, torch.ones(product.shape[0], dtype=dy.dtype) @ product, None


def turn(x, cos, sin, sign):
    half = x.shape[-1] // 2
    out = x * cos
    out[..., :half].addcmul_(x[..., half:], sin[..., :half], value=-sign)
    out[..., half:].addcmul_(x[..., :half], sin[..., half:], value=sign)
    return out


class Rotate(torch.autograd.Function):
    """The gradient of a rotation is the rotation back."""
    @staticmethod
    def forward(ctx, x, cos, sin):
        ctx.save_for_backward(cos, sin)
        return turn(x, cos, sin, 1)

    @staticmethod
    def backward(ctx, dy):
        return turn(dy, *ctx.saved_tensors, -1), None, None


def states(model, x, positions, mask, taps=()):
    """As `model.hidden`: x (B, S, D), positions (3, B, S), mask (B, S, S) -> final states, [states after each tapped layer], all (B, S, D)."""
    config = model.config
    B, S, D = x.shape
    E, G = config.head_size, config.num_key_value_heads
    group = config.num_attention_heads // G
    cos, sin = (table.reshape(B, S, 1, E) for table in rope_tables(positions, config, x.dtype))
    bias = torch.zeros(mask.shape, dtype=x.dtype).masked_fill_(~mask, -1e4).repeat(1, group, 1).repeat_interleave(G, 0)
    x = x.reshape(B * S, D)
    rows = lambda y: y.reshape(B, S, G, group, E).permute(0, 2, 3, 1, 4).reshape(B * G, group * S, E)
    keys = lambda y: y.reshape(B, S, G, E).transpose(1, 2).reshape(B * G, S, E)
    tapped = []
    for i, layer in enumerate(model.model.layers):
        a, m = layer.self_attn, layer.mlp
        n = Norm.apply(x, layer.input_layernorm.weight, config.rms_norm_eps)
        q = rows(Rotate.apply(a.q_proj(n).view(B, S, -1, E), cos, sin))
        k = keys(Rotate.apply(a.k_proj(n).view(B, S, -1, E), cos, sin))
        weights = torch.baddbmm(bias, q, k.transpose(1, 2), alpha=1 / math.sqrt(E)).softmax(-1)
        mixed = (weights @ keys(a.v_proj(n))).view(B, G, group, S, E).permute(0, 3, 1, 2, 4).reshape(B * S, D)
        x = x + a.o_proj(mixed)
        n = Norm.apply(x, layer.post_attention_layernorm.weight, config.rms_norm_eps)
        x = x + m.down_proj(F.silu(m.gate_proj(n)) * m.up_proj(n))
        if i in taps:
            tapped.append(x.view(B, S, D))
    return Norm.apply(x, model.model.norm.weight, config.rms_norm_eps).view(B, S, D), tapped
