"""From an image file to patches: Pillow decodes and resizes, the size rule and the normalisation are written out here.

Each side is rounded up to whole patches, the shorter one after scaling (with upstream's truncation), and both shrink if more than
4096 patches come out. A byte becomes ((byte / 255) - mean) / std, every step rounded to f32. Source: upstream `example.py`.
"""
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
MOST = 4096


def target_size(width: int, height: int, p: int) -> tuple[int, int]:
    """-> (width, height), multiples of p; a side of a very thin image can come out 0."""
    long, short = max(width, height), min(width, height)
    new_long = math.ceil(long / p) * p
    new_short = math.ceil(int(new_long * short / long) / p) * p
    patches = new_long * new_short / (p * p)
    if patches > MOST:
        scale = math.sqrt(patches / MOST)
        new_long, new_short = (int(side / scale / p) * p for side in (new_long, new_short))
    return (new_long, new_short) if width >= height else (new_short, new_long)


def read(file: Path, p: int) -> dict[str, torch.Tensor]:
    """image.rgb (height, width, 3) and image.resized (GH * p, GW * p, 3) U8, patches (P, 3 * p * p) F32, grid (2,) I64."""
    image = Image.open(file).convert('RGB')
    width, height = target_size(*image.size, p)
    resized = np.array(image.resize((width, height), Image.Resampling.BILINEAR))
    GH, GW = height // p, width // p
    x = (resized.astype(np.float32) / np.float32(255) - MEAN) / STD
    patches = x.reshape(GH, p, GW, p, 3).transpose(0, 2, 4, 1, 3).reshape(GH * GW, -1)  # inside a patch: channel, row, column
    return {
        'image.rgb': torch.from_numpy(np.array(image)), 'image.resized': torch.from_numpy(resized),
        'patches': torch.from_numpy(patches.copy()), 'grid': torch.tensor([GH, GW]),
    }
