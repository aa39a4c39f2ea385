"""The pictures that the first example shows: two fixed scenes and a held-out digit, each with questions and true answers."""
import numpy as np

from . import digits, questions, scenes
from .scenes import Thing

SCENES = {  # name: (seed of the ground, (height, width), things)
    'scene.png': (0, (70, 70), [Thing('circle', 'red', 19, 21, 12), Thing('triangle', 'green', 52, 24, 12), Thing('square', 'blue', 35, 53, 11)]),
    'row.png': (1, (56, 84), [Thing('cross', 'yellow', 16, 36, 12), Thing('circle', 'purple', 42, 18, 11), Thing('square', 'orange', 68, 38, 12)]),
    'pair.png': (2, (56, 56), [Thing('triangle', 'green', 16, 18, 11), Thing('square', 'orange', 40, 38, 11)]),
}


def pictures(mnist):
    """-> [(name, picture, questions)]"""
    out = []
    for name, (seed, (height, width), things) in SCENES.items():
        picture = scenes.draw(np.random.default_rng(seed), things, height, width)
        out.append((name, picture, questions.questions(np.random.default_rng(seed), picture)))
    rng = np.random.default_rng(5)
    _, _, images, labels = digits.load(mnist)
    picture = digits.digit_picture(rng, images[360], int(labels[360]), (4, 4), varied=False)
    return out + [('digit.png', picture, questions.questions(rng, picture))]
