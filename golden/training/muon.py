"""Muon: momentum whose matrix is replaced by its nearest orthogonal one, for the matrices of the layers; AdamW for the rest.

O = U V^T for the momentum M = U S V^T, found by five Newton-Schulz steps X <- a X + (b A + c A^2) X, A = X X^T, which push all singular
values to about 1: every direction learns equally fast. The weights live here in f32; the model that runs is a bf16 copy of them.
Source: Keller Jordan, "Muon: an optimizer for hidden layers" (quintic coefficients, Nesterov momentum, scale by shape).
"""
import torch

STEPS, COEFFICIENTS = 5, (3.4445, -4.7750, 2.0315)
PIXELS = 0.4  # of the rate for vis_embed: a patch is 588 values, not normalised, and would drown its `<vpatch>` embedding


def orthogonal(m):
    """(k, rows, cols) -> the same with all singular values near 1."""
    a, b, c = COEFFICIENTS
    tall = m.shape[1] > m.shape[2]
    x = m.bfloat16().transpose(1, 2) if tall else m.bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(STEPS):
        A = x @ x.transpose(1, 2)
        x = a * x + (b * A + c * A @ A) @ x
    return (x.transpose(1, 2) if tall else x).float()


class Optimiser:
    """Masters and moments of all parameters. `step(rate)` scales both learning rates; the gradients are read from the running copy."""
    def __init__(self, named, muon_rate=0.005, adam_rate=1e-3, momentum=0.95, decay=0.01, average=0.996):
        self.running = dict(named)
        self.master = {k: p.detach().float().clone() for k, p in self.running.items()}
        self.mean = {k: torch.zeros_like(w) for k, w in self.master.items()}
        self.square = {k: torch.zeros_like(w) for k, w in self.master.items() if not self.is_matrix(k)}
        self.average = {k: w.clone() for k, w in self.master.items()}
        self.muon_rate, self.adam_rate, self.momentum, self.decay, self.keep, self.count = muon_rate, adam_rate, momentum, decay, average, 0

    @staticmethod
    def is_matrix(name):
        return '_proj.' in name or 'vis_embed' in name

    @torch.no_grad()
    def step(self, rate):
        self.count += 1
        groups = {}
        for name, p in self.running.items():
            g = p.grad.float()
            if self.is_matrix(name):
                m = self.mean[name].lerp_(g, 1 - self.momentum)
                groups.setdefault(tuple(g.shape), []).append((name, g.lerp_(m, self.momentum)))
            else:
                self.adam(name, g, rate * self.adam_rate)
            p.grad = None
        for shape, members in groups.items():
            shaped = rate * self.muon_rate * max(1, shape[0] / shape[1]) ** 0.5
            for (name, _), update in zip(members, orthogonal(torch.stack([g for _, g in members]))):
                scale = (PIXELS if 'vis_embed' in name else 1) * shaped
                self.master[name].mul_(1 - rate * self.muon_rate * self.decay).add_(update, alpha=-scale)
        keep = min(self.keep, self.count / (self.count + 10))
        for name, w in self.master.items():
            self.running[name].copy_(w)
            self.average[name].lerp_(w, 1 - keep)

    def adam(self, name, g, rate, b1=0.9, b2=0.98):
        m, v = self.mean[name].lerp_(g, 1 - b1), self.square[name].mul_(b2).addcmul_(g, g, value=1 - b2)
        m, v = m / (1 - b1**self.count), v / (1 - b2**self.count)
        self.master[name].addcdiv_(m, v.sqrt().add_(1e-8), value=-rate)

    def state(self):
        return {k: getattr(self, k) for k in ('master', 'mean', 'square', 'average', 'count')}

    @torch.no_grad()
    def restore(self, state):
        for key, value in state.items():
            setattr(self, key, {**getattr(self, key), **value} if isinstance(value, dict) else value)  # what the state lacks stays new
        for name, w in self.master.items():
            self.running[name].copy_(w)
