"""How far two tensors are apart, and how far is too far. Exact stages must agree in every bit.

Limits, as relative L2 (||a - b|| / ||b||), are twice the error that PyTorch itself makes: the largest distance of any stage from the
f64 run (README.md, "PyTorch's own error"), as each of the two runs may be that far off on its side. Each row (last axis) may be 5
times that, so that one wrong element in a large tensor is seen. Comparisons are written so that NaN is too far.
"""
from dataclasses import dataclass

import torch

LIMITS = {
    'f32': 2 * 1.7e-6,  # f32 against f64: attn_weights is the worst
    'f64': 2 * 8.2e-7,  # the f64 run keeps upstream's f32 steps: that run against one without them
    'bf16': 2 * 2.6e-2,  # bf16 against f64: act and mlp_out are the worst
}
ROW = 5


@dataclass
class Verdict:
    name: str
    error: float  # relative L2, 0 for equal bits
    problem: str  # empty: fine


def compare(name: str, wanted: torch.Tensor, found: torch.Tensor | None, limit: float) -> Verdict:
    """`limit` counts for float tensors only, except patches: they are exact."""
    if found is None:
        return Verdict(name, 0, 'not made')
    if wanted.shape != found.shape or wanted.dtype != found.dtype:
        return Verdict(name, 0, f'expected {wanted.dtype} {tuple(wanted.shape)}, found {found.dtype} {tuple(found.shape)}')
    if torch.equal(wanted.contiguous().view(torch.uint8), found.contiguous().view(torch.uint8)):
        return Verdict(name, 0, '' if wanted.isfinite().all() else 'not finite')
    a, b = found.double(), wanted.double()
    worst = torch.unravel_index((a - b).abs().nan_to_num(torch.inf).argmax(), a.shape)
    place = f'worst at {[int(i) for i in worst]}: found {float(a[worst])!r}, expected {float(b[worst])!r}'
    if not wanted.is_floating_point() or name == 'patches':
        return Verdict(name, float('inf'), f'{int((a != b).sum())} of {a.numel()} differ; {place}')
    error = float((a - b).norm() / b.norm())
    apart = (a - b).norm(dim=-1)
    rows = float(torch.where(apart == 0, 0, apart / b.norm(dim=-1)).nan_to_num(torch.inf, torch.inf).max())
    if not error <= limit:
        return Verdict(name, error, f'relative L2 {error:.2e} is above {limit:.1e}; {place}')
    if not rows <= ROW * limit:
        return Verdict(name, error, f'a row has relative L2 {rows:.2e}, above {ROW * limit:.1e}; {place}')
    return Verdict(name, error, '')
