"""A corpus of safetensors files, valid and broken, and what Python's `safetensors` says to each: the truth for src/weights/safetensors/.

    python golden/corpus_safetensors.py test/fixtures/safetensors/corpus.gz     write it (some 2,900 files, of safetensors_files.py)

check.py makes it again in memory and compares every byte, verdicts included. The container, gzipped, all numbers little-endian:
    | count u32 |, then for each file | length u32 | verdict length u32 | the file | the verdict, JSON |
A verdict is null where Python raises, else [[name, dtype, shape, first 16 digits of sha256 of its bytes], ..] sorted by name.
"""
import gzip
import hashlib
import json
import struct
import sys
from pathlib import Path

from safetensors import SafetensorError, deserialize

from safetensors_files import files


def verdict(file: bytes) -> list | None:
    try:
        found = deserialize(file)
    except SafetensorError:
        return None
    return sorted([name, t["dtype"], t["shape"], hashlib.sha256(bytes(t["data"])).hexdigest()[:16]] for name, t in found)


def container() -> bytes:
    made = files()
    parts = [struct.pack("<I", len(made))]
    for file in made:
        text = json.dumps(verdict(file), separators=(",", ":")).encode()
        parts += [struct.pack("<II", len(file), len(text)), file, text]
    return b"".join(parts)


def count(raw: bytes) -> int:
    return struct.unpack_from("<I", raw)[0]


def main() -> None:
    out, raw = Path(sys.argv[1]), container()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(gzip.compress(raw, 9, mtime=0))
    print(f"{count(raw)} files; {len(raw)} bytes, {out.stat().st_size} packed")


if __name__ == "__main__":
    main()
