"""Questions with true answers about a Picture: (kind, prompt, answer).

A question is asked only where the answer is certain: "the circle" needs exactly one circle, "left of" a distance of at least GAP pixels.
Yes/no questions are yes half of the time. Kinds: colour, shape, count, relation, place, caption, digit.
"""
from .scenes import COLOURS, SHAPES

GAP = 8
AXES = {'left of': (-1, 0), 'right of': (1, 0), 'above': (0, -1), 'below': (0, 1)}
PLURAL = {'circle': 'circles', 'square': 'squares', 'triangle': 'triangles', 'cross': 'crosses'}
SIDE = {'left of': 'left', 'right of': 'right', 'above': 'above', 'below': 'below'}


def once(things, key):
    """Things whose key no other thing shares."""
    keys = [key(t) for t in things]
    return [t for t, k in zip(things, keys) if keys.count(k) == 1]


def colour(rng, things):
    word = 'colour' if rng.random() < 0.8 else 'color'
    return [('colour', f'What {word} is the {t.shape}?', t.colour) for t in once(things, lambda t: t.shape)]


def shape(rng, things):
    first = 'What' if rng.random() < 0.8 else 'Which'
    return [('shape', f'{first} shape is {t.colour}?', t.shape) for t in once(things, lambda t: t.colour)]


def count(rng, things):
    def number(word, test):
        return ('count', f'How many {word} are there?', str(sum(map(test, things))))
    asked = [number('objects', lambda t: True)]
    shown = {t.shape for t in things}
    asked += [number(PLURAL[s], lambda t, s=s: t.shape == s) for s in SHAPES if s in shown or rng.random() < 0.25]
    c = rng.choice([t.colour for t in things]) if rng.random() < 0.8 else rng.choice(list(COLOURS))
    return asked + [number(f'{c} objects', lambda t: t.colour == c)]


def side_of(a, b, word):
    """How far a lies on the given side of b, in pixels (negative: on the other side)."""
    sx, sy = AXES[word]
    return (a.x - b.x) * sx + (a.y - b.y) * sy


def sides(a, b):
    """Where a lies, across and down: 0 left of (above) b, 1 neither, 2 right of (below) b."""
    return [1 + (side_of(a, b, word) > GAP) - (side_of(a, b, word) < -GAP) for word in ('right of', 'below')]


def relation(rng, things):
    """Whether a is on a side of b, and on which side a lies, for every ordered pair of things with a name of their own."""
    full, short, asked = once(things, lambda t: t.name), once(things, lambda t: t.shape), []
    for a in full:
        for b in full:
            if a is b:
                continue
            name = (lambda t: t.shape) if a in short and b in short and rng.random() < 0.3 else (lambda t: t.name)
            true = [w for w in AXES if side_of(a, b, w) > GAP]
            false = [w for w in AXES if side_of(a, b, w) < -GAP]
            yes = rng.random() < 0.5
            word = rng.choice(true if yes else false)
            asked.append(('relation', f'Is the {name(a)} {word} the {name(b)}?', 'yes' if yes else 'no'))
            far = max(AXES, key=lambda w: side_of(a, b, w))
            near = sorted(abs(side_of(a, b, w)) for w in ('left of', 'above'))[0]
            if side_of(a, b, far) > 1.6 * near:
                asked.append(('relation', f'Where is the {name(a)} relative to the {name(b)}?', SIDE[far]))
    return asked


def place(rng, things, width, height):
    """In which quarter a thing lies; only where it is at least 4 pixels off both middle lines."""
    asked, short = [], once(things, lambda t: t.shape)
    for t in once(things, lambda t: t.name):
        name = t.shape if t in short and rng.random() < 0.5 else t.name
        dx, dy = t.x - width / 2, t.y - height / 2
        if min(abs(dx), abs(dy)) > 4:
            asked.append(('place', f'Where is the {name}?', f'{"top" if dy < 0 else "bottom"} {"left" if dx < 0 else "right"}'))
    return asked


def caption(things):
    """All things from left to right; None if two centres are less than 5 pixels apart across."""
    row = sorted(things, key=lambda t: t.x)
    if any(b.x - a.x < 5 for a, b in zip(row, row[1:])):
        return []
    return [('caption', 'Describe the image.', ', '.join(f'{"an" if t.colour == "orange" else "a"} {t.name}' for t in row))]


def about_digit(rng, picture):
    first = 'Which' if rng.random() < 0.7 else 'What'
    return [('digit', f'{first} digit is this?', str(picture.digit)), ('colour', 'What colour is the digit?', picture.colour)]


def referents(prompt, things):
    """[(word number, thing)] of the words that complete a name: "circle" in "the red circle" or "the circle", "red" in "What shape is red?"."""
    words, found = prompt.rstrip('?.').split(), []
    for i, word in enumerate(words):
        if word in SHAPES:
            meant = [t for t in things if t.shape == word and (words[i - 1] not in COLOURS or t.colour == words[i - 1])]
        elif word in COLOURS and i == len(words) - 1:
            meant = [t for t in things if t.colour == word]
        else:
            continue
        found += [(i, t) for t in meant if len(meant) == 1]
    return found


def questions(rng, picture):
    """All questions about a picture, in a random order."""
    if picture.digit is not None:
        return about_digit(rng, picture)
    things = picture.things
    asked = colour(rng, things) + shape(rng, things) + count(rng, things) + relation(rng, things) + caption(things) + place(rng, things, picture.pixels.shape[1], picture.pixels.shape[0])
    return [asked[i] for i in rng.permutation(len(asked))]


def vocabulary():
    """Every word that a prompt or an answer may hold, commonest first."""
    words = ['[INST]', '[/INST]', 'the', 'is', 'are', 'there', 'of', 'a', 'an', 'What', 'Which', 'Is', 'How', 'many', 'Where', 'Describe', 'image', 'this',
             'colour', 'color', 'shape', 'digit', 'objects', 'object', 'relative', 'to', 'left', 'right', 'above', 'below', 'yes', 'no']
    words += ['digits', 'number', 'shapes', 'scene', 'on', 'and', 'top', 'bottom', 'middle', 'side', 'Count', 'Name', 'Read', 'under', 'larger', 'smaller', 'than', 'same']
    return words + list(COLOURS) + list(SHAPES) + list(PLURAL.values()) + [str(n) for n in range(10)]
