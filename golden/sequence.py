"""From grid and prompt to what the model reads, and greedy generation in upstream's passes.

`<vision>` + `<vpatch>` * P + `</vision>` + `<s>[INST] {prompt} [/INST]`, tokenised in one call; the first P + 2 tokens are the prefix.
Position ids (t, h, w): `<vision>` 0; patch (r, c) is 1 + (0, r, c); the rest goes on from the largest patch id + 1, all three equal,
so an image costs max(GH, GW) positions. Source: upstream `example.py`.
"""
import json
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass
class Sequence:
    ids: torch.Tensor  # (T,)
    patch_indices: torch.Tensor  # (T,) -1 or the number of the patch
    position_ids: torch.Tensor  # (3, T)
    prefix: int  # tokens that see each other in both directions, 0 without an image

    @property
    def mask(self):
        """(T, T) causal, or both query and key in the prefix."""
        T, n = len(self.ids), self.prefix
        block = torch.zeros(T, T, dtype=torch.bool)
        block[:n, :n] = True
        return block | torch.ones(T, T, dtype=torch.bool).tril()


def prefix_positions(grid):
    """(3, P + 2): `<vision>`, the patches row by row, `</vision>`."""
    GH, GW = grid
    r, c = torch.meshgrid(torch.arange(GH), torch.arange(GW), indexing='ij')
    patches = 1 + torch.stack((torch.zeros(GH * GW, dtype=torch.long), r.flatten(), c.flatten()))
    return torch.cat((torch.zeros(3, 1, dtype=torch.long), patches, torch.full((3, 1), 1 + max(GH, GW))), 1)


def build_sequence(tokenizer, grid, prompt):
    """`tokenizer` is a `tokenizers.Tokenizer`, `grid` (GH, GW) or None for text alone."""
    P = grid[0] * grid[1] if grid else 0
    image = '<vision>' + '<vpatch>' * P + '</vision>' if grid else ''
    ids = torch.tensor(tokenizer.encode(f'{image}<s>[INST] {prompt} [/INST]', add_special_tokens=False).ids)
    is_patch = ids == tokenizer.token_to_id('<vpatch>')
    beyond = int((ids >= tokenizer.token_to_id('<vision>')).sum())
    if int(is_patch.sum()) != P or beyond != (P + 2 if grid else 0):
        raise ValueError(f'prompt {prompt!r} holds image tokens: {beyond} found, expected {P + 2}')
    n = P + 2 if grid else 0
    start = prefix_positions(grid) if grid else torch.zeros(3, 0, dtype=torch.long)
    rest = torch.arange(len(ids) - n) + (int(start.max()) + 1 if grid else 0)
    indices = torch.where(is_patch, is_patch.long().cumsum(0) - 1, -1)
    return Sequence(ids, indices, torch.cat((start, rest.expand(3, -1)), 1), n)


def causal(first, S, window):
    """(S, first + S) for queries first .. first + S - 1: key <= query, and key > query - window where there is one."""
    q, k = torch.arange(first, first + S)[:, None], torch.arange(first + S)[None]
    return (k <= q) & (k > q - window) if window else k <= q


def eos_ids(folder):
    """generation_config.json decides if it exists (a number, a list or nothing); config.json only without it."""
    file = Path(folder) / 'generation_config.json'
    raw = json.loads((file if file.exists() else Path(folder) / 'config.json').read_text()).get('eos_token_id')
    return set() if raw is None else set(raw) if isinstance(raw, list) else {raw}


@torch.no_grad()
def generate(model, sequence, patches, eos, max_new_tokens=1024, capture=None, prefix_cache=None):
    """Greedy ids, eos included: (a) the prefix fills the cache, full mask and no window, (b) the prompt on top of it, causal,
    (c) one token at a time. `prefix_cache`, a list, keeps (a) for the next question about the image. -> (ids, step logits (N, V))."""
    n, T, window, cache = sequence.prefix, len(sequence.ids), model.config.sliding_window, list(prefix_cache or [])
    if n and not cache:
        full = torch.ones(n, n, dtype=torch.bool)
        model(sequence.ids[:n], sequence.position_ids[:, :n], full, patches, sequence.patch_indices[:n], cache, capture, 'prefix')
    if prefix_cache is not None:
        prefix_cache[:] = cache
    logits = model(sequence.ids[n:], sequence.position_ids[:, n:], causal(n, T - n, window), cache=cache, capture=capture, name='text')
    ids, steps, position = [], [], int(sequence.position_ids.max())
    while True:
        steps.append(logits[-1])
        ids.append(int(logits[-1].argmax()))
        if ids[-1] in eos or len(ids) == max_new_tokens:
            return ids, torch.stack(steps)
        position += 1
        at = torch.full((3, 1), position)
        logits = model(torch.tensor(ids[-1:]), at, causal(T + len(ids) - 1, 1, window), cache=cache)
