"""Random scenes: 1 to MOST coloured shapes on a plain ground, drawn with soft edges at any pixel position.

A thing is (shape, colour, x, y, r): centre and half size in pixels. Its cover is clip(0.5 - distance to its outline, 0, 1), so an edge
is one pixel wide. Things never overlap. Each patch also gets a training label: what covers it most, and how much of a centre lies in it.
"""
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .patches import PATCH, target_size

COLOURS = {'red': (215, 35, 40), 'green': (45, 165, 70), 'blue': (45, 90, 225), 'yellow': (245, 222, 60), 'purple': (150, 55, 190), 'orange': (246, 140, 30)}
SHAPES = ('circle', 'square', 'triangle', 'cross')
SMALL = ((3, 3), (3, 4), (4, 3), (4, 4))
MEDIUM = ((3, 5), (5, 3), (4, 5), (5, 4), (5, 5))
LARGE = ((4, 6), (6, 4))
MOST = 3  # things in a scene
LABELS = 1 + len(SHAPES) * len(COLOURS) + 10  # ground, shape x colour, digit
UNSURE = -1


@dataclass
class Thing:
    shape: str
    colour: str
    x: float
    y: float
    r: float

    @property
    def name(self):
        return f'{self.colour} {self.shape}'

    @property
    def label(self):
        return 1 + SHAPES.index(self.shape) * len(COLOURS) + list(COLOURS).index(self.colour)


@dataclass
class Picture:
    pixels: np.ndarray  # (height, width, 3) uint8
    things: list
    labels: np.ndarray  # (P,) what each patch shows
    centres: np.ndarray  # (P,) how much of a centre lies in the patch; a thing's shares sum to 1
    digit: int | None = None
    colour: str | None = None  # of the digit

    def cell(self, thing):
        """Row and column of the patch that a thing's centre lies in."""
        height, width, _ = self.pixels.shape
        GH, GW = grid_of(width, height)
        return int(thing.y * GH / height), int(thing.x * GW / width)

    def tally(self):
        """How many things there are, of each shape, and of each colour."""
        return [len(self.things), *(sum(t.shape == s for t in self.things) for s in SHAPES), *(sum(t.colour == c for t in self.things) for c in COLOURS)]


def outline(shape, u, v, r):
    """Signed distance (roughly) to the outline at offsets u, v from the centre; negative inside."""
    if shape == 'circle':
        return np.hypot(u, v) - r
    if shape == 'square':
        return np.maximum(abs(u), abs(v)) - 0.88 * r
    if shape == 'triangle':  # tip up
        return np.maximum(0.866 * abs(u) - 0.5 * v - 0.5 * r, v - 0.8 * r)
    arm = 0.34 * r
    return np.minimum(np.maximum(abs(u) - r, abs(v) - arm), np.maximum(abs(u) - arm, abs(v) - r))


def ground(rng, height, width, dark, noisy):
    """A light or dark grey, slightly tinted, with a weak slope and sometimes noise. (height, width, 3) f32"""
    grey = rng.uniform(0, 45) if dark else rng.uniform(205, 250)
    base = np.full((height, width, 3), grey, np.float32) + rng.uniform(-8, 8, 3)
    base += np.linspace(-1, 1, width)[None, :, None] * rng.uniform(-8, 8) + np.linspace(-1, 1, height)[:, None, None] * rng.uniform(-8, 8)
    return base + rng.standard_normal((height, width, 1), np.float32) * rng.uniform(0, 5) if noisy else base


def place(rng, height, width, count):
    """Up to `count` discs (x, y, r) that keep 2 pixels from each other; fewer if there is no room."""
    discs = []
    for attempt in range(count * 14):
        if len(discs) == count:
            break
        r = rng.uniform(9, 14.5 if attempt < count * 4 else 10.5)
        x, y = rng.uniform(r + 1, width - r - 1), rng.uniform(r + 1, height - r - 1)
        if all(np.hypot(x - a, y - b) > r + s + 1 or max(abs(x - a), abs(y - b)) > r + s + 2 for a, b, s in discs):
            discs.append((x, y, r))
    return discs


def patch_labels(covers, labels, grid):
    """The thing with most pixels in each patch; under 8 % is ground, up to 16 % is left open. (P,)"""
    GH, GW = grid
    if covers[0].shape != (GH * PATCH, GW * PATCH):
        covers = [np.asarray(Image.fromarray(cover).resize((GW * PATCH, GH * PATCH), Image.Resampling.BILINEAR)) for cover in covers]
    shares = np.stack(covers).reshape(-1, GH, PATCH, GW, PATCH).mean((2, 4)).reshape(len(covers), -1)
    best = shares.max(0)
    return np.where(best > 0.16, np.array(labels)[shares.argmax(0)], np.where(best < 0.08, 0, UNSURE))


def centre_shares(points, height, width, grid):
    """Each centre spread over the four patches around it, so that a small move changes little. (P,) f32"""
    GH, GW = grid
    shares = np.zeros(grid, np.float32)
    for x, y in points:
        u, v = np.clip(x * GW / width - 0.5, 0, GW - 1), np.clip(y * GH / height - 0.5, 0, GH - 1)
        across, down = 1 - abs(np.arange(GW) - u), 1 - abs(np.arange(GH) - v)
        shares += np.maximum(down, 0)[:, None] * np.maximum(across, 0)
    return np.minimum(shares, 1).ravel().astype(np.float32)


def grid_of(width, height):
    """(GH, GW) after upstream's resize."""
    new_width, new_height = target_size(width, height)
    return new_height // PATCH, new_width // PATCH


def canvas_size(rng, grid, odd):
    """Height and width that give this grid; a share `odd` of them are no multiples of the patch and will be resized."""
    height, width = grid[0] * PATCH, grid[1] * PATCH
    if rng.random() < odd:
        h, w = height - int(rng.integers(8)), width - int(rng.integers(8))
        if grid_of(w, h) == tuple(grid):
            return h, w
    return height, width


def draw(rng, things, height, width, noisy=False):
    """-> Picture of the things on a random ground."""
    canvas, covers = ground(rng, height, width, rng.random() < 0.5, noisy and rng.random() < 0.4), []
    for thing in things:
        cover = np.zeros((height, width), np.float32)
        x0, x1 = int(thing.x - thing.r - 1), int(thing.x + thing.r + 3)
        y0, y1 = int(thing.y - thing.r - 1), int(thing.y + thing.r + 3)
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
        u, v = np.arange(x0, x1)[None] + 0.5 - thing.x, np.arange(y0, y1)[:, None] + 0.5 - thing.y
        part = np.clip(0.5 - outline(thing.shape, u, v, thing.r), 0, 1)
        cover[y0:y1, x0:x1] = part
        paint = np.array(COLOURS[thing.colour]) + rng.uniform(-14, 14, 3)
        canvas[y0:y1, x0:x1] += part[..., None] * (paint - canvas[y0:y1, x0:x1])
        covers.append(cover)
    grid = grid_of(width, height)
    labels = patch_labels(covers, [t.label for t in things], grid)
    centres = centre_shares([(t.x, t.y) for t in things], height, width, grid)
    return Picture(np.clip(canvas + 0.5, 0, 255).astype(np.uint8), things, labels, centres)


def scene(rng, grid, most=MOST, noisy=True):
    """A random Picture of 1 to min(most, P // 4) things. Few shapes and colours at a time, so that counts above 1 are common.
    Noise is for training alone: it makes a PNG five times as large."""
    height, width = canvas_size(rng, grid, 0.15)
    count = max(int(rng.integers(1, min(most, grid[0] * grid[1] // 4) + 1)) for _ in range(1 + (rng.random() < 0.5)))
    shapes = rng.permutation(SHAPES)[: rng.choice((2, 3, 4))]
    colours = rng.permutation(list(COLOURS))[: rng.choice((2, 3, 6))]
    things = [Thing(str(rng.choice(shapes)), str(rng.choice(colours)), *disc) for disc in place(rng, height, width, count)]
    return draw(rng, things, height, width, noisy)
