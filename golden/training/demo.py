"""The pictures that the first example shows: two fixed scenes and a held-out digit, each with questions and true answers."""
import numpy as np

from . import digits, questions, scenes
from .scenes import Thing

SCENES = {
    'scene.png': ((84, 84), [Thing('circle', 'red', 20, 24, 13), Thing('square', 'blue', 60, 26, 13), Thing('triangle', 'green', 40, 64, 13)]),
    'row.png': ((56, 84), [Thing('cross', 'yellow', 18, 30, 12), Thing('circle', 'purple', 45, 27, 12), Thing('square', 'orange', 70, 30, 11)]),
}


def pictures(mnist):
    """-> [(name, picture, questions)]"""
    out = []
    for seed, (name, ((height, width), things)) in enumerate(SCENES.items()):
        rng = np.random.default_rng(seed)
        picture = scenes.draw(rng, things, height, width)
        out.append((name, picture, questions.questions(rng, picture)))
    rng = np.random.default_rng(5)
    _, _, images, labels = digits.load(mnist)
    picture = digits.digit_picture(rng, images[360], int(labels[360]), (4, 4), varied=False)
    return out + [('digit.png', picture, questions.questions(rng, picture))]
