"""From pixels to what the model reads: target size, resize, patches; upstream `example.py`, step by step.

With p = 14, long and short the two sides (width counts as long when they are equal): long goes up to a multiple of p, short keeps the
proportion and goes up to a multiple of p; more than CAP patches are scaled down. Resize is PIL's bilinear with antialias. Values are
(byte / 255 - mean) / std, every step rounded to f32.
"""
from math import ceil, sqrt

import numpy as np
from PIL import Image

PATCH, CAP = 14, 4096
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def target_size(width, height, p=PATCH):
    """-> (width, height) that the picture is resized to."""
    short, long = (height, width) if height <= width else (width, height)
    new_long = ceil(long / p) * p
    new_short = ceil(int(new_long * short / long) / p) * p
    tokens = new_long * new_short / (p * p)
    if tokens > CAP:
        scale = sqrt(tokens / CAP)
        new_long, new_short = int(new_long / scale / p) * p, int(new_short / scale / p) * p
    return (new_long, new_short) if height <= width else (new_short, new_long)


def resize(pixels):
    """uint8 (height, width, 3) -> the same at its target size."""
    height, width, _ = pixels.shape
    size = target_size(width, height)
    return pixels if size == (width, height) else np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def to_patches(pixels):
    """uint8 (B, height, width, 3), sides multiples of p -> f32 (B, P, 3 * p * p), order channel, row, column."""
    B, height, width, _ = pixels.shape
    GH, GW = height // PATCH, width // PATCH
    x = (pixels.astype(np.float32) / np.float32(255) - MEAN) / STD
    return x.reshape(B, GH, PATCH, GW, PATCH, 3).transpose(0, 1, 3, 5, 2, 4).reshape(B, GH * GW, -1)
