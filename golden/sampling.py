"""What transformers' own logits processors make of random logits: golden/cases/sampling.json, for the sampling code.

    python sampling.py

The lists of processors come from GenerationMixin, so order and arithmetic are Hugging Face's: repetition penalty, temperature,
top-k, top-p, min-p. {rows, ids, cases: [{row, options, scores}], logprobs}: f32 as short decimals, null = removed, `ids` the tokens
so far, `logprobs` log_softmax of the raw rows. Half of the rows are rounded to bf16, as upstream's logits are, so ties are common.
Left out: cases in which a tie or a rounding error could decide (torch.sort is not stable).
"""
import json
from pathlib import Path

import numpy as np
import torch
from transformers import GenerationConfig
from transformers.generation import GenerationMixin

ROWS, V, SEED = 36, 60, 7
IDS = [3, 17, 17, 41, 58, 0, 22, 3]
OFF = {'temperature': 1.0, 'topK': 0, 'topP': 1.0, 'minP': 0.0, 'repetitionPenalty': 1.0}
NAMES = {'temperature': 'temperature', 'topK': 'top_k', 'topP': 'top_p', 'minP': 'min_p', 'repetitionPenalty': 'repetition_penalty'}
OPTIONS = [
    {'temperature': 0.7}, {'temperature': 1.6}, {'topK': 1}, {'topK': 7}, {'topK': 60}, {'topP': 0.05}, {'topP': 0.6}, {'topP': 0.95},
    {'minP': 0.02}, {'minP': 0.3}, {'repetitionPenalty': 1.3}, {'repetitionPenalty': 0.8}, {'temperature': 0.5, 'topK': 12},
    {'temperature': 1.4, 'topP': 0.8}, {'temperature': 1.4, 'minP': 0.05}, {'topK': 9, 'topP': 0.7}, {'topP': 0.9, 'minP': 0.1},
    {'temperature': 0.8, 'topK': 20, 'topP': 0.85, 'minP': 0.04, 'repetitionPenalty': 1.15},
]
MARGIN = 1e-5  # of a probability sum or ratio; f32 sums over 60 stay below 1e-6


class Lists(GenerationMixin):
    """Only the two methods that build the lists are used: no model."""


def filtered(row: torch.Tensor, options: dict[str, float]) -> torch.Tensor:
    chosen = {**OFF, **options}
    config = GenerationConfig(do_sample=True, **{NAMES[k]: v for k, v in chosen.items() if not (k == 'minP' and v == 0)})
    ids = torch.tensor([IDS])
    processors = Lists()._get_logits_processor(config, ids.size(1), ids, None, [], device='cpu', model_kwargs={})
    scores = processors(ids, row[None].clone())
    return Lists()._get_logits_warper(config, device='cpu')(ids, scores)[0]


def decided(row: torch.Tensor, options: dict[str, float]) -> bool:
    """False where a tie or rounding could tell which ids stay: looks at what top-p and min-p see, in f64."""
    seen = {k: v for k, v in options.items() if k not in ('topP', 'minP')}
    if 'topP' in options:
        ordered = filtered(row, seen).double().sort().values
        sums, border = ordered.softmax(0).cumsum(0), 1 - options['topP']
        first = min(int((sums <= border).sum()), V - 1)
        if (sums - border).abs().min() < MARGIN or first > 0 and ordered[first - 1] == ordered[first]:
            return False
        seen['topP'] = options['topP']
    if 'minP' in options:
        probs = filtered(row, seen).double().softmax(0)
        return bool((probs / probs.max() - options['minP']).abs().min() > MARGIN)
    return True


def short(value: float) -> float | None:
    """The shortest decimal that reads back as the same f32; null for a removed id."""
    return None if value == -float('inf') else float(str(np.float32(value)))


def random_rows() -> torch.Tensor:
    draw = torch.Generator().manual_seed(SEED)
    rows = torch.randn(ROWS, V, generator=draw) * torch.linspace(0.5, 6, ROWS)[:, None]
    rows[::2] = rows[::2].bfloat16().float()
    return rows


def table(rows: torch.Tensor) -> dict[str, list]:
    """From given rows, so that a check elsewhere does not hang on the random numbers of a CPU."""
    cases = []
    for r, row in enumerate(rows):
        for options in OPTIONS[r % 3 :: 3]:
            if decided(row, options):
                cases.append({'row': r, 'options': options, 'scores': [short(x) for x in filtered(row, options).tolist()]})
    listed = lambda table: [[short(x) for x in row] for row in table.tolist()]
    return {'rows': listed(rows), 'ids': IDS, 'cases': cases, 'logprobs': listed(rows.log_softmax(-1))}


def main() -> None:
    found = table(random_rows())
    lines = [f'"{key}":[\n' + ',\n'.join(json.dumps(x, separators=(',', ':')) for x in value) + '\n]' for key, value in found.items()]
    (Path(__file__).parent / 'cases' / 'sampling.json').write_text('{\n' + ',\n'.join(lines) + '\n}\n')
    tied = sum(len(set(row)) < V for row in found['rows'])
    print(f'{len(found["cases"])} cases of {ROWS * len(OPTIONS) // 3}, {ROWS} rows, {tied} with ties')


if __name__ == '__main__':
    main()
