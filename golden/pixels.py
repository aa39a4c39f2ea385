"""Image files and what Pillow makes of them: the truth for src/image/.

    python golden/pixels.py OUT            the broad set, about 2,000 files
    python golden/pixels.py OUT --small    the committed set, test/fixtures/image/

Every kind of PNG is written here by hand (Pillow writes few of them), JPEGs by Pillow, and by cjpeg of libjpeg-turbo for
samplings that Pillow cannot write. pixels.json lists each file with SHA-256 over raw bytes: decoded RGB, resized RGB,
patches (f32, little-endian). `damaged` files may be refused, and must be where `decodes` is false.
"""
import argparse
import hashlib
import io
import json
import math
import shutil
import struct
import subprocess
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

warnings.simplefilter("ignore")
P = 14
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
SAMPLINGS = ("1x1", "2x1", "2x2", "1x2", "4x1", "1x4", "4x2", "2x4", "3x1", "1x3", "3x2", "2x2,1x2,2x1", "2x2,2x1,1x2",
             "2x1,2x1,1x1", "1x2,1x1,1x2", "1x1,2x1,2x1", "1x1,2x2,1x1", "4x1,2x1,1x1", "2x2,2x2,1x1", "4x2,1x1,1x1")
SCANS = {"split": "0;1;2;", "pair": "0,2;1;",
         "deep": "0,1,2: 0-0, 0, 2; 0: 1-5, 0, 2; 2: 1-63, 0, 1; 1: 1-63, 0, 1; 0: 6-63, 0, 2; 0: 1-63, 2, 1;"
                 "0,1,2: 0-0, 2, 1; 0,1,2: 0-0, 1, 0; 2: 1-63, 1, 0; 1: 1-63, 1, 0; 0: 1-63, 1, 0;"}


def picture(rng, w, h, n=3, noise=12):
    """(h, w, n) bytes: colour gradients with some noise and a hard edge."""
    y, x = np.mgrid[0:h, 0:w]
    waves = [128 + 120 * np.sin(rng.uniform(0.05, 0.4) * x + rng.uniform(0.05, 0.4) * y + rng.uniform(0, 6)) for _ in range(n)]
    out = np.stack(waves, -1) + rng.integers(-noise, noise + 1, (h, w, n))
    out[h // 3:, w // 2:] = 255 - out[h // 3:, w // 2:]
    return np.clip(out, 0, 255).astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def filtered(rng, rows, step):
    out, above = b"", np.zeros(rows.shape[1], np.int32)
    for row in rows.astype(np.int32):
        a = np.concatenate([np.zeros(step, np.int32), row[:-step]]) if len(row) > step else np.zeros_like(row)
        c = np.concatenate([np.zeros(step, np.int32), above[:-step]]) if len(row) > step else np.zeros_like(row)
        pa, pb, pc = abs(above - c), abs(a - c), abs(a + above - 2 * c)
        paeth = np.where((pa <= pb) & (pa <= pc), a, np.where(pb <= pc, above, c))
        kind = int(rng.integers(0, 5))
        guess = (0, a, above, (a + above) // 2, paeth)[kind]
        out, above = out + bytes([kind]) + ((row - guess) & 255).astype(np.uint8).tobytes(), row
    return out


def png(rng, w, h, colour, depth, interlaced=False, trns=None, extra=b"", cut=None, entries=None):
    n, top = CHANNELS[colour], (1 << depth) - 1
    samples = picture(rng, w, h, n).astype(np.uint32) * top // 255
    if depth == 16:
        samples = rng.integers(0, 65536, (h, w, n)) if rng.random() < 0.5 else rng.integers(0, 600, (h, w, n))
    entries = entries or min(top + 1, 256)
    if colour == 3:
        samples %= entries
    raw = b""
    for x, y, dx, dy in ADAM7 if interlaced else ((0, 0, 1, 1),):
        part = samples[y::dy, x::dx]
        if part.size == 0:
            continue
        flat = part.reshape(part.shape[0], -1)
        bits = (flat[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        raw += filtered(rng, np.packbits(bits.reshape(part.shape[0], -1).astype(np.uint8), axis=1), max(1, n * depth // 8))
    data = zlib.compress(raw, int(rng.integers(0, 10)))
    cut = cut or len(data)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, int(interlaced))) + extra
    if colour == 3 or (colour in (2, 6) and rng.random() < 0.2):
        out += chunk(b"PLTE", rng.integers(0, 256, entries * 3, dtype=np.uint8).tobytes())
    if trns is not None:
        out += chunk(b"tRNS", trns)
    out += b"".join(chunk(b"IDAT", data[i:i + cut]) for i in range(0, len(data), cut))
    return out + chunk(b"IEND", b"")


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def cjpeg(image, *options, scans=None):
    source = io.BytesIO()
    image.save(source, "PPM")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as script:
        if scans:
            script.write(scans)
            script.flush()
            options = (*options, "-scans", script.name)
        return subprocess.run(["cjpeg", *options], input=source.getvalue(), capture_output=True, check=True).stdout


def exif(orientation, order="<"):
    head = b"II*\0" if order == "<" else b"MM\0*"
    return b"Exif\0\0" + head + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def files(rng, small):
    """Yields name, bytes."""
    sizes = [(23, 17)] if small else [(1, 1), (1, 9), (2, 2), (3, 1), (5, 4), (8, 8), (9, 17), (33, 31), (64, 40), (97, 61)]
    for w, h in sizes:
        for colour, depths in DEPTHS.items():
            for depth in depths:
                for interlaced in (False, True):
                    name = f"png-c{colour}-d{depth}-{w}x{h}{'-adam7' if interlaced else ''}"
                    yield f"{name}.png", png(rng, w, h, colour, depth, interlaced)
                    trns = {0: b"\0\1", 2: b"\0\1\0\2\0\3", 3: b"\0\x80"}.get(colour)
                    if trns and not (small and interlaced):
                        yield f"{name}-trns.png", png(rng, w, h, colour, depth, interlaced, trns)
    for w, h in [(1, 1), (2, 3), (5, 1), (1, 8)] if small else [(a, b) for a in range(1, 10) for b in range(1, 10)]:
        yield f"png-tiny-{w}x{h}-adam7.png", png(rng, w, h, 2, 8, True)
        yield f"png-tiny-{w}x{h}-bit-adam7.png", png(rng, w, h, 0, 1, True)
    ancillary = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"tEXt", b"k\0v") + chunk(b"zTXt", b"k\0\0" + zlib.compress(b"v"))
    yield "png-gamma-text.png", png(rng, 20, 15, 2, 8, extra=ancillary)
    yield "png-cut-idat.png", png(rng, 31, 15, 6, 8, cut=7)
    yield "png-exif.png", png(rng, 20, 15, 2, 8, extra=chunk(b"eXIf", exif(8, ">")[6:]))
    yield "png-palette-short.png", png(rng, 20, 15, 3, 8, entries=5)
    yield "png-palette-transparent-entry.png", png(rng, 20, 15, 3, 8, trns=b"\xff\xff\0\xff")
    for w, h in [(90, 5), (3, 60)] if small else [(300, 21), (21, 300), (4000, 60), (60, 4000), (2000, 3), (1500, 1500)]:
        yield f"png-thin-{w}x{h}.png", png(rng, w, h, 2, 8)
    for w, h in [(300, 2900)] if small else [(300, 2900), (500, 3000), (700, 1500), (900, 1800), (1000, 1900), (2000, 700)]:
        yield f"png-tall-{w}x{h}.png", png(rng, w, h, 0, 1)  # Pillow resizes the height first where it shrinks most

    sizes = [(35, 27)] if small else [(1, 1), (2, 1), (1, 2), (3, 3), (5, 4), (8, 8), (9, 16), (17, 33), (35, 27), (100, 75)]
    for w, h in sizes:
        image, grey = Image.fromarray(picture(rng, w, h)), Image.fromarray(picture(rng, w, h, 1)[..., 0])
        cmyk = Image.fromarray(picture(rng, w, h, 4), "CMYK")
        for quality in (50,) if small else (5, 50, 75, 95, 100):
            for progressive in (False, True):
                name = f"{w}x{h}-q{quality}{'-progressive' if progressive else ''}"
                o = {"quality": quality, "progressive": progressive}
                for s, sampling in ((0, "444"), (1, "422"), (2, "420")):
                    yield f"jpg-{sampling}-{name}.jpg", jpeg(image, subsampling=s, **o)
                yield f"jpg-grey-{name}.jpg", jpeg(grey, **o)
                yield f"jpg-rgb-{name}.jpg", jpeg(image, keep_rgb=True, **o)
                yield f"jpg-restart-{name}.jpg", jpeg(image, restart_marker_blocks=1, **o)
                yield f"jpg-restart-rows-{name}.jpg", jpeg(image, restart_marker_rows=1, optimize=True, **o)
                for s in (0, 2):
                    data = jpeg(cmyk, subsampling=s, **o)
                    yield f"jpg-cmyk{s}-{name}.jpg", data
                    at = data.index(b"Adobe")
                    yield f"jpg-ycck{s}-{name}.jpg", data[:at + 11] + b"\2" + data[at + 12:]
                    yield f"jpg-cmyk{s}-plain-{name}.jpg", data[:at - 4] + data[at + 12:]
        for sampling in SAMPLINGS if shutil.which("cjpeg") else ():
            for progressive in ((), ("-progressive",)):
                name = f"jpg-{sampling.replace(',', '-')}-{w}x{h}{''.join(progressive)}.jpg"
                yield name, cjpeg(image, "-sample", sampling, "-quality", "60", "-restart", "3B", *progressive)
        for kind, scans in SCANS.items() if shutil.which("cjpeg") else ():
            yield f"jpg-scans-{kind}-{w}x{h}.jpg", cjpeg(image, "-sample", "2x2", scans=scans)
        if shutil.which("cjpeg"):
            yield f"jpg-ids-rgb-{w}x{h}.jpg", cjpeg(image, "-rgb")
            yield f"jpg-coarse-{w}x{h}.jpg", cjpeg(image, "-quality", "1")
    for orientation in range(1, 9):
        yield f"jpg-exif{orientation}.jpg", jpeg(image, exif=exif(orientation, "<>"[orientation & 1]))


def damaged(rng, count):
    """Yields name, bytes: cut, flipped and spliced files."""
    sources = [("png", png(rng, 23, 17, 2, 8)), ("png", png(rng, 23, 17, 3, 4, True)), ("png", png(rng, 9, 9, 6, 16, cut=40))]
    image = Image.fromarray(picture(rng, 35, 27))
    for progressive in (False, True):
        sources += [("jpg", jpeg(image, quality=60, progressive=progressive, restart_marker_blocks=b)) for b in (0, 2)]
    sources.append(("jpg", jpeg(image.convert("L"), quality=90)))
    sources.append(("jpg", jpeg(Image.fromarray(picture(rng, 20, 20, 4), "CMYK"))))
    for i in range(count):
        kind, data = sources[int(rng.integers(0, len(sources)))]
        data = bytearray(data)
        where = int(rng.integers(0, len(data)))
        change = ("cut", "flip", "byte", "drop", "tail", "coarse")[int(rng.integers(0, 6))]
        if change == "cut":
            data = data[:where]
        elif change == "flip":
            data[where] ^= 1 << int(rng.integers(0, 8))
        elif change == "byte":
            data[where] = int(rng.integers(0, 256))
        elif change == "drop":
            del data[where:where + int(rng.integers(1, 9))]
        elif change == "coarse" and kind == "jpg":  # coefficients beyond any picture
            at = data.index(b"\xff\xdb") + 5
            data[at:at + 64] = rng.integers(1, 256, 64, dtype=np.uint8).tobytes()
            data[-20] ^= 1 << int(rng.integers(0, 8))
        else:
            data += rng.integers(0, 256, 20, dtype=np.uint8).tobytes()
        yield f"damaged-{change}-{i}.{kind}", bytes(data)


def target(width, height):
    """Upstream's get_resize_output_image_size with 4096 patches."""
    short, long = (height, width) if height <= width else (width, height)
    new_long = math.ceil(long / P) * P
    new_short = math.ceil(int(new_long * short / long) / P) * P
    tokens = new_long * new_short / (P * P)
    if tokens > 4096:
        scale = math.sqrt(tokens / 4096)
        new_long, new_short = int(new_long / scale / P) * P, int(new_short / scale / P) * P
    return (new_long, new_short) if height <= width else (new_short, new_long)


def patches(resized):
    x = np.asarray(resized).astype(np.float32) / np.float32(255)
    x = (x - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
    gh, gw = x.shape[0] // P, x.shape[1] // P
    return x.reshape(gh, P, gw, P, 3).transpose(0, 2, 4, 1, 3)


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def truth(data):
    try:
        rgb = Image.open(io.BytesIO(data)).convert("RGB")
    except Exception as error:
        return {"decodes": False, "error": f"{type(error).__name__}: {error}"[:90]}
    return {"decodes": True, "width": rgb.width, "height": rgb.height, "rgb_sha256": sha(rgb)}, rgb


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--small", action="store_true")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20250410)
    report = {"format": "sail-golden-pixels/1", "pillow": PIL.__version__, "p": P, "images": [], "damaged": []}
    for name, data in files(rng, args.small):
        found = truth(data)
        if isinstance(found, dict):
            report["damaged"].append({"file": name, **found})
        else:
            row, rgb = found
            width, height = target(rgb.width, rgb.height)
            row = {"file": name, **row}
            if min(width, height) > 0:
                resized = rgb.resize((width, height), Image.BILINEAR)
                row |= {"grid": [height // P, width // P], "resized_sha256": sha(resized), "patches_sha256": sha(patches(resized))}
            report["images"].append(row)
        (args.out / name).write_bytes(data)
    for name, data in damaged(rng, 60 if args.small else 4000):
        found = truth(data)
        report["damaged"].append({"file": name, **(found if isinstance(found, dict) else found[0])})
        (args.out / name).write_bytes(data)
    rows = {k: "[\n" + ",\n".join(json.dumps(r) for r in v) + "\n]" if isinstance(v, list) else json.dumps(v) for k, v in report.items()}
    (args.out / "pixels.json").write_text("{" + ",\n".join(f'"{k}": {v}' for k, v in rows.items()) + "}\n")
    print(len(report["images"]), "images,", len(report["damaged"]), "damaged")


if __name__ == "__main__":
    main()
