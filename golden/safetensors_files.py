"""Safetensors files, valid and broken, made from a seed: what corpus_safetensors.py asks Python about.

Four kinds: valid ones of every dtype, shape, order, spacing and spelling; valid ones with one fault of a list; JSON damaged token by token; bytes
damaged anywhere. `files()` is the corpus.
"""
import json
import random
import re
import struct

SEED = 5
BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "F64": 64,
        "I64": 64, "U64": 64}
LATER = ["F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "C64"]  # dtypes of later versions, which this one does not know
ODD = ["0", "1", "-1", "-0", "1.0", "1e3", "1.5", "01", "4294967296", "9007199254740991", "9007199254740992", "18446744073709551615",
       "18446744073709551616", "1e400", "null", "true", "[]", "{}", '""', '"F32"', '"a"', "[1,2]", "[[1]]", '{"a":1}', '"\\u0061"', '"\\ud800"', '"é"',
       '"__metadata__"', "NaN", "'a'"]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[a-zA-Z]+|\s+|.', re.S)


def framed(header: bytes, data: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def size_of(dtype: str, shape: list[int]) -> int:
    count = 1
    for d in shape:
        count *= d
    return count * BITS.get(dtype, 8) // 8


class Maker:
    """One random file: its header as Python values, spelled out by `spell`."""

    def __init__(self, r: random.Random):
        self.r = r
        self.spelling = r.randrange(4)
        names = r.sample(["a", "b", "w", "x.y.weight", "model.layers.0.q", "é", "日本", "a b", "🙂", "A" * 40, '"', "\\", "/", "data_offsets", "dtype", "0", "-"], r.randint(0, 5))
        self.data, self.entries = b"", []
        for name in names:
            dtype = r.choice(list(BITS))
            shape = [r.choice([0, 1, 1, 2, 3, 5]) for _ in range(r.choice([0, 1, 1, 2, 2, 3, 8]))]
            begin = len(self.data)
            self.data += r.randbytes(min(size_of(dtype, shape), 64) if size_of(dtype, shape) <= 64 else 0)
            if size_of(dtype, shape) > 64:
                shape = [0, *shape]
            self.entries.append([name, {"dtype": dtype, "shape": shape, "data_offsets": [begin, len(self.data)]}])
        r.shuffle(self.entries)
        self.metadata = {"format": "pt", "k": r.choice(["", "v", "é", "1"])} if r.random() < 0.4 else None
        if self.metadata is not None:
            self.entries.insert(r.randint(0, len(self.entries)), ["__metadata__", self.metadata])

    def spell(self, value) -> str:
        """JSON of a value; objects are lists of pairs or dicts, texts that begin with `raw:` stand as they are."""
        r, pad = self.r, [" ", "", "\n", "\t"][self.spelling] if self.spelling else ""
        if isinstance(value, dict):
            items = list(value.items())
            if self.spelling == 2:
                r.shuffle(items)
            return "{" + ",".join(f"{pad}{self.spell(k)}:{pad}{self.spell(v)}" for k, v in items) + pad + "}"
        if isinstance(value, list):
            return "[" + ",".join(pad + self.spell(v) for v in value) + "]"
        if isinstance(value, str) and value.startswith("raw:"):
            return value[4:]
        if isinstance(value, str) and self.spelling == 3 and value.isascii() and value.isalnum() and r.random() < 0.2:
            return '"' + "".join(f"\\u{ord(c):04x}" for c in value) + '"'
        return json.dumps(value, ensure_ascii=self.spelling == 1)

    def header(self) -> str:
        return "{" + ",".join(f"{self.spell(k)}:{self.spell(v)}" for k, v in self.entries) + "}"

    def file(self, padded: bool = True) -> bytes:
        header = self.header().encode()
        return framed(header + b" " * (self.r.choice([0, 0, -len(header) % 8, 3]) if padded else 0), self.data)

    def tensors(self) -> list:
        return [entry for entry in self.entries if entry[0] != "__metadata__" and isinstance(entry[1], dict)]


def with_tensor(r: random.Random) -> Maker:
    while True:
        made = Maker(r)
        if made.tensors():
            return made


def field(name: str, *values):
    def fault(m: Maker) -> bytes:
        m.r.choice(m.tensors())[1][name] = m.r.choice(values)
        return m.file()
    return fault


def number(m: Maker, name: str, values: list[str]) -> bytes:
    entry = m.r.choice(m.tensors())[1]
    if not entry[name]:
        entry[name] = [0]
    entry[name] = list(entry[name])
    entry[name][m.r.randrange(len(entry[name]))] = "raw:" + m.r.choice(values)
    return m.file()


def named(m: Maker, names: list[str]) -> bytes:
    m.r.choice(m.tensors())[0] = m.r.choice(names)
    return m.file()


def renamed(m: Maker) -> bytes:
    m.entries.append([m.r.choice(m.tensors())[0], m.r.choice(m.tensors())[1]])
    return m.file()


def moved(m: Maker) -> bytes:
    entry = m.r.choice(m.tensors())[1]
    entry["data_offsets"] = [n + m.r.choice([-4, -1, 1, 2, 4, 8]) for n in entry["data_offsets"]]
    return m.file()


def dropped(m: Maker) -> bytes:
    entry = m.r.choice(m.tensors())[1]
    del entry[m.r.choice(list(entry))]
    return m.file()


def extra(m: Maker) -> bytes:
    m.r.choice(m.tensors())[1][m.r.choice(["extra", "Dtype", "offsets"])] = m.r.choice([1, None, "x", [1], {"a": 1}, {"a": {"a": {"a": 1}}}, [[[[[]]]]]])
    return m.file()


def doubled(m: Maker) -> bytes:
    key = m.r.choice(["dtype", "shape", "data_offsets"])
    text = m.header()
    at = text.find(f'"{key}"')
    value = re.match(r'"\w+":\s*("[^"]*"|\[[^\]]*\])', text[at:])
    return framed((text[:at] + value.group(0) + "," + text[at:] if value else text).encode(), m.data)


def listed(m: Maker) -> bytes:
    entry = m.r.choice(m.tensors())
    entry[1] = list(entry[1].values())
    return m.file()


def replaced(m: Maker) -> bytes:
    m.r.choice(m.tensors())[1] = "raw:" + m.r.choice(ODD)
    return m.file()


def meta(m: Maker) -> bytes:
    m.entries = [entry for entry in m.entries if entry[0] != "__metadata__"]
    m.entries.insert(m.r.randint(0, len(m.entries)), ["__metadata__", "raw:" + m.r.choice(ODD + ['{"a":1}', '{"a":null}', '{"a":"b","a":"c"}', '{"a":{}}', "{}"])])
    return m.file()


def length(m: Maker) -> bytes:
    body = m.file()[8:]
    true = len(m.header())
    return struct.pack("<Q", m.r.choice([0, 1, 2, true - 1, true + 1, len(body), len(body) + 1, 100_000_000, 100_000_001, 2**53, 2**63, 2**64 - 1]) % 2**64) + body


def after(m: Maker) -> bytes:
    return framed(m.header().encode() + m.r.choice([b"\n", b"\t", b"\r\n", b"\0", b"x", b"{}", b",", b"  \n ", b"\x0b", b"\xc2\xa0"]), m.data)


def before(m: Maker) -> bytes:
    return framed(m.r.choice([b" ", b"\n", b"\xef\xbb\xbf", b"\0", b"["]) + m.header().encode(), m.data)


def bad_text(m: Maker) -> bytes:
    header = m.header().encode()
    at = header.find(b'"') + 1
    return framed(header[:at] + m.r.choice([b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\n", b"\0", b"\\x", b"\\ud800", b"\\u12g4"]) + header[at:], m.data)


def sized(m: Maker) -> bytes:
    return m.file() + m.r.randbytes(m.r.choice([1, 4, 8, 64])) if m.r.random() < 0.5 else m.file()[: -m.r.choice([1, 2, 8])]


def deep(m: Maker) -> bytes:
    n = m.r.choice([3, 4, 5, 20, 127, 128, 129, 400])
    m.entries.append(["d", "raw:" + ("[" * n + "]" * n if m.r.random() < 0.5 else '{"a":' * n + "1" + "}" * n)])
    return m.file()


def rank(m: Maker) -> bytes:
    m.r.choice(m.tensors())[1]["shape"] = [1] * m.r.choice([7, 8, 9, 10, 30]) + [0]
    return m.file()


def huge(m: Maker) -> bytes:
    """A tensor without bytes whose other sizes are beyond what a double, or 64 bits, can count."""
    sizes = m.r.choice([["9007199254740991", "2"], ["4503599627370496", "4"], ["9007199254740992"], ["18014398509481984", "1"], ["4294967296", "4294967296"],
                        ["18446744073709551615"], ["9223372036854775808", "2"], ["1", "3", "5"]])
    m.entries.append(["z", {"dtype": "U8", "shape": [f"raw:{n}" for n in sizes] + [0], "data_offsets": [len(m.data), len(m.data)]}])
    return m.file()


def hole(m: Maker) -> bytes:
    """Tensors moved apart or together as a whole, the data with them."""
    by = m.r.choice([1, 2, 8])
    for _, entry in m.tensors():
        entry["data_offsets"] = [n + by for n in entry["data_offsets"]]
    m.data = bytes(by) + m.data
    return m.file()


FAULTS = [
    field("dtype", "f32", "F31", "", "float32", None, 32, ["F32"], *LATER), field("shape", None, 4, "4", {}, "raw:[1", ["1"], [None], [True], [[1]]),
    field("data_offsets", None, [], [0], [0, 4, 8], {}, "04", [None, None], ["0", "4"]),
    lambda m: number(m, "shape", ODD[:14]), lambda m: number(m, "data_offsets", ODD[:14]),
    lambda m: named(m, ["", "__proto__", "\0", "a\nb", "\x1b[31m", "\x7f", "\x85", "x" * 1024, "x" * 1025, "é" * 513, "__metadata__", "constructor"]),
    renamed, moved, dropped, extra, doubled, listed, replaced, meta, length, after, before, bad_text, sized, deep, rank, hole, huge,
]


def token_damage(r: random.Random) -> bytes:
    m = Maker(r)
    tokens = TOKEN.findall(m.header())
    for _ in range(r.randint(1, 2)):
        at = r.randrange(len(tokens))
        kind = r.randrange(5)
        if kind == 0:
            tokens[at] = r.choice(ODD)
        elif kind == 1:
            tokens[at] = r.choice(tokens)
        elif kind == 2:
            del tokens[at]
        elif kind == 3:
            tokens[at:at] = tokens[at:at + r.randint(1, 12)]
        else:
            tokens[at] = str(int(tokens[at]) + r.choice([-1, 1])) if tokens[at].isdigit() else tokens[at] + r.choice(' ,:"]}')
        if not tokens:
            break
    return framed("".join(tokens).encode(), m.data)


def byte_damage(r: random.Random) -> bytes:
    data = bytearray(Maker(r).file())
    for _ in range(r.randint(1, 3)):
        at = r.randrange(len(data))
        kind = r.randrange(4)
        if kind == 0:
            data[at] ^= 1 << r.randrange(8)
        elif kind == 1:
            data[at] = r.randrange(256)
        elif kind == 2:
            del data[at:at + r.randint(1, 4)]
        else:
            data[at:at] = r.randbytes(r.randint(1, 4))
        if not data:
            break
    return bytes(data)


def files() -> list[bytes]:
    r = random.Random(SEED)
    made = [Maker(r).file() for _ in range(800)]
    for fault in FAULTS:
        made += [fault(with_tensor(r)) for _ in range(55)]
    made += [token_damage(r) for _ in range(500)] + [byte_damage(r) for _ in range(500)]
    return list(dict.fromkeys(made))  # each once
