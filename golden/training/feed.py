"""What the training sees at a step: one batch of scenes and one of digits, harder scenes as the steps go on.

The curriculum counts steps, not time: small canvases with up to two things until step EASY, all canvases and up to MOST things from step
LEARNT on. Where-questions are learnt last and are let in first: the easy pictures are for them.
"""
import os

import numpy as np
import torch
from tokenizers import Tokenizer

from sequence import prefix_positions

from . import digits, questions, scenes
from .pack import Packer

EASY, LEARNT = 3300, 3800
SCENES, DIGITS = 32, 32
DIGIT_ROOM = 17
WEIGHT = {'colour': 1, 'shape': 1, 'count': 1.2, 'relation': 2, 'digit': 1, 'caption': 0.3, 'place': 1.5}


def room(grid):
    """Text nodes behind a scene: what its questions usually need."""
    P = grid[0] * grid[1]
    return 56 if P <= 9 else 72 if P <= 16 else 88 if P <= 25 else 96


class Feed:
    def __init__(self, tokenizer, mnist, seed):
        self.packer, self.mnist, self.rng = Packer(tokenizer), mnist, np.random.default_rng(seed)

    def grid(self, level):
        small, medium = 1, level
        pick = self.rng.random() * (small + medium + max(0, level - 0.4) / 2)
        group = scenes.SMALL if pick < small else scenes.MEDIUM if pick < small + medium else scenes.LARGE
        group = group[1:] if level == 0 else group  # two things hardly fit on 3 x 3
        return group[int(self.rng.integers(len(group)))]

    def scenes(self, step, size=SCENES):
        level = min(1, max(0, (step - EASY) / (LEARNT - EASY)))
        grid, rng = self.grid(level), self.rng
        pictures = [scenes.scene(rng, grid, 2 + round((scenes.MOST - 2) * level)) for _ in range(size)]
        asked = [questions.questions(rng, picture) for picture in pictures]
        asked = [[q for q in qs if q[0] != 'caption'] if rng.random() < 0.6 else qs for qs in asked]  # captions are long and judged last
        asked = [sorted(qs, key=lambda q: q[0] not in ('relation', 'place')) if rng.random() < 0.6 else qs for qs in asked]
        return self.packer.batch(rng, pictures, asked, room(grid), prefix_positions(grid))

    def digits(self, size=DIGITS):
        rng = self.rng
        grid = scenes.SMALL[int(rng.integers(len(scenes.SMALL)))]
        pictures = [digits.random_digit(rng, self.mnist, grid) for _ in range(size)]
        return self.packer.batch(rng, pictures, [questions.questions(rng, p) for p in pictures], DIGIT_ROOM, prefix_positions(grid))


def watched(tokenizer, mnist, seed=777, scenes_a_grid=24):
    """Fixed batches that the log watches: scenes on six grids with all their questions, and the held-out digits."""
    rng, packer, batches = np.random.default_rng(seed), Packer(tokenizer), []
    for grid in ((3, 3), (3, 4), (4, 4), (5, 4), (5, 5), (4, 6)):
        pictures = [scenes.scene(rng, grid, noisy=False) for _ in range(scenes_a_grid)]
        batches.append(packer.batch(rng, pictures, [questions.questions(rng, p) for p in pictures], 160, prefix_positions(grid)))
    by_grid = {}
    for picture in digits.held_out(rng, mnist):
        by_grid.setdefault(scenes.grid_of(*picture.pixels.shape[1::-1]), []).append(picture)
    for grid, pictures in by_grid.items():
        batches.append(packer.batch(rng, pictures, [questions.questions(rng, p) for p in pictures], DIGIT_ROOM, prefix_positions(grid)))
    return batches


def produce(queue, tokenizer_file, mnist, seed, state, step):
    """Runs in a process of its own: puts (scenes, digits, random state after them) for step, step + 1, .."""
    torch.set_num_threads(1)
    os.sched_setaffinity(0, range(os.cpu_count()))
    feed = Feed(Tokenizer.from_file(tokenizer_file), mnist, seed)
    if state:
        feed.rng.bit_generator.state = state
    while True:
        queue.put((feed.scenes(step), feed.digits(), feed.rng.bit_generator.state))
        step += 1


def start(tokenizer_file, mnist, seed, state, step):
    """-> a queue that is kept a few steps ahead. What a step sees depends on the seed and the steps before it, not on time."""
    context = torch.multiprocessing.get_context('spawn')
    queue = context.Queue(4)
    context.Process(target=produce, args=(queue, str(tokenizer_file), mnist, seed, state, step), daemon=True).start()
    return queue
