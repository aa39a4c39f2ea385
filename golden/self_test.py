"""Proof that the comparison bites: one damage at a time to a golden file, each of which must be found, and none without damage."""
from collections.abc import Callable

import torch

from compare import LIMITS, Verdict, compare

Tensors = dict[str, torch.Tensor]


def change(name: str, how: Callable[[torch.Tensor], None]) -> Callable[[Tensors], None]:
    def damage(golden: Tensors) -> None:
        golden[name] = golden[name].clone()
        how(golden[name])
    return damage


def add(amount: float, place: tuple[int, ...] = (0, 0)) -> Callable[[torch.Tensor], None]:
    return lambda x: x.__setitem__(place, x[place] + amount)


def one_ulp(x: torch.Tensor) -> None:
    x[0, 0] = torch.nextafter(x[0, 0], torch.tensor(torch.inf))


def swap_rows(x: torch.Tensor) -> None:
    x[[0, 1]] = x[[1, 0]]


DAMAGES: dict[str, Callable[[Tensors], None]] = {
    'one bit of a patch': change('patches', one_ulp),
    'two patches swapped': change('patches', swap_rows),
    'one byte of the picture': change('image.rgb', add(1, (0, 0, 0))),
    'one input id': change('input_ids', add(1, (3,))),
    'one position': change('position_ids', add(1, (1, 3))),
    'one mask bit': change('text.mask', add(-1)),
    'one value of a stage by a thousandth': change('text.layers.1.act', lambda x: x.view(-1).__setitem__(int(x.abs().argmax()), x.abs().max() * 1.001)),
    'a norm scaled by 1.001': change('prefix.layers.0.attn_norm', lambda x: x.mul_(1.001)),
    'a NaN': change('prefix.layers.1.out', lambda x: x.__setitem__((1, 1), torch.nan)),
    'an infinity': change('text.logits', lambda x: x.__setitem__((1, 1), torch.inf)),
    'one greedy id': change('generated_ids', add(1, (2,))),
    'a shape': lambda golden: golden.__setitem__('text.embed', golden['text.embed'][:-1]),
    'a type': lambda golden: golden.__setitem__('grid', golden['grid'].int()),
    'a stage that nobody makes': lambda golden: golden.__setitem__('text.layers.2.out', golden['text.layers.1.out']),
}


def faults(golden: Tensors, made: Tensors) -> list[str]:
    return [name for name in golden if compare(name, golden[name], made.get(name), LIMITS['f32']).problem]


def run(golden: Tensors, made: Tensors) -> list[Verdict]:
    found = [Verdict('no damage', 0, ', '.join(faults(golden, made)))]
    for what, damage in DAMAGES.items():
        damaged = dict(golden)
        damage(damaged)
        touched = [name for name in damaged if damaged[name] is not golden.get(name)]
        named = faults(damaged, made)
        found.append(Verdict(what, 0, '' if named == touched else f'expected a fault at {touched}, found {named}'))
    both = compare('text.logits', torch.full((2, 2), torch.nan), torch.full((2, 2), torch.nan), LIMITS['f32'])
    return found + [Verdict('the same NaN on both sides', 0, '' if both.problem else 'passed')]
