"""Picture files that others test their decoders with, and what Pillow makes of each: the truth for test/image/suites.test.ts.

    python golden/image_suites.py [--write]        exit 0: FOLDER is ready, its path is printed; 3: skipped, the reason is printed; 1: a difference

FOLDER is ${XDG_CACHE_HOME:-~/.cache}/sail-ts/images. The suites come from Debian packages, read out of their archives, never installed and never
part of this repository: Go's image/png and image/jpeg, libpng's pngsuite, test and crasher files, PngSuite as libspng has it, libjpeg-turbo's
pictures, Pillow's own. The set that pixels.py generates (every sampling, progressive, restart markers, CMYK, grey, damage) lies beside them.
FOLDER/manifest.json has for each file its SHA-256 and Pillow's: of the RGB bytes, or the name of Pillow's error. image-suites.json is the same for the
suites alone, committed: a file that it knows must still be what it says, or the truth has moved (--write writes it again).
"""
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import warnings
from pathlib import Path

import numpy as np
import PIL

import pixels

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sail-ts" / "images"
COMMITTED = Path(__file__).parent / "image-suites.json"
SOURCES = ("libpng1.6", "libspng", "libjpeg-turbo", "pillow")
PICTURE = re.compile(r"\.(png|jpe?g|jpe)$", re.I)
SEED, DAMAGED = 20250410, 4000


class Skip(Exception):
    """Why there are no suites here; nothing is wrong with the project."""


# ---------------------------------------------------------------- Debian's archives

def mirrors() -> str:
    """This machine's own Debian sources, once more with source packages, in apt's format of stanzas."""
    stanzas = []
    for file in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]:
        text = file.read_text() if file.is_file() else ""
        if file.suffix == ".sources":
            stanzas += [re.sub(r"(?m)^#.*\n|^Types:.*$", lambda m: "" if m[0][0] == "#" else "Types: deb deb-src", s) for s in re.split(r"\n\s*\n", text)]
        else:
            for options, uri, suite, components in re.findall(r"(?m)^deb\s+(\[.*?\])?\s*(\S+)\s+(\S+)\s+(.+)$", text):
                signed = re.search(r"signed-by=([^\]\s]+)", options)
                stanzas.append(f"Types: deb deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: {components}" + (f"\nSigned-By: {signed[1]}" if signed else ""))
    return "\n\n".join(s.strip() for s in stanzas if re.search(r"(?m)^URIs:.*/debian/?\s*$", s)) + "\n"


def apt(work: Path, tool: str, *args: str) -> str:
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    options = [f"Dir::Etc::SourceList={work}/none", f"Dir::Etc::SourceParts={work}/parts", f"Dir::State::Lists={work}/lists", f"Dir::Cache={work}",
               "APT::Sandbox::User=", "Acquire::Retries=1", "Acquire::http::Timeout=20", "Acquire::Languages=none"]
    command = [tool, "-q", *[word for o in options for word in ("-o", o)], *args]
    try:
        run = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        raise Skip(f"{tool} {args[0]} took longer than 120 s")
    if run.returncode:
        raise Skip(f"{tool} {' '.join(args)}: {(run.stderr.strip().splitlines() or ['failed'])[-1]}")
    return run.stdout


def fetch(work: Path) -> None:
    """Downloads the archives into `work`."""
    if shutil.which("apt-get") is None:
        raise Skip("no apt-get: the suites are taken from Debian packages")
    (work / "parts").mkdir(parents=True, exist_ok=True)
    (work / "parts" / "debian.sources").write_text(mirrors())
    apt(work, "apt-get", "update")
    apt(work, "apt-get", "--download-only", "source", *SOURCES)
    go = sorted(name for name in apt(work, "apt-cache", "pkgnames", "golang-1.").split() if re.fullmatch(r"golang-1\.\d+-src", name))
    if not go:
        raise Skip("Debian here has no golang-1.*-src")
    apt(work, "apt-get", "download", go[0])


def unpack(archive: Path, out: Path) -> None:
    """The pictures of an archive, each in a file of its path."""
    if archive.suffix == ".deb":
        data = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], capture_output=True, check=True).stdout
        tar = tarfile.open(fileobj=io.BytesIO(data))
    else:
        tar = tarfile.open(archive)
    with tar:
        for member in tar:
            name = Path(member.name.lstrip("./"))
            if member.isfile() and PICTURE.search(member.name) and ".." not in name.parts and not name.is_absolute():
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                (out / name).write_bytes(tar.extractfile(member).read())


def make_suites(out: Path) -> None:
    """`out` appears whole or not at all."""
    work = out.with_name("suites.tmp")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    fetch(work)
    for archive in sorted(work.glob("*.orig.tar.*")) + sorted(work.glob("*.deb")):
        if archive.suffix != ".asc":
            unpack(archive, work / "unpacked" / re.split(r"[_-]\d", archive.name)[0])
    (work / "unpacked").rename(out)
    shutil.rmtree(work)


def make_generated(out: Path) -> None:
    work = out.with_name("generated.tmp")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    rng = np.random.default_rng(SEED)
    for name, data in [*pixels.files(rng, False), *pixels.damaged(rng, DAMAGED)]:
        (work / name).write_bytes(data)
    work.rename(out)


# ---------------------------------------------------------------- Pillow's word

def verdict(data: bytes) -> str:
    found = pixels.truth(data)
    if isinstance(found, dict):
        return f"refused: {found['error'].split(':')[0]}"
    return f"{found[0]['width']}x{found[0]['height']} {found[0]['rgb_sha256'][:32]}"


def verdicts(folder: Path) -> dict[str, list[str]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder.parent)): [hashlib.sha256(data := path.read_bytes()).hexdigest()[:32], verdict(data)] for path in files}


def written(path: Path, files: dict[str, list[str]]) -> None:
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in files.items())
    path.write_text('{"format": "sail-images/1", "pillow": "%s", "files": {\n%s\n}}\n' % (PIL.__version__, rows))


def main() -> int:
    warnings.simplefilter("ignore")
    suites, generated = CACHE / "suites", CACHE / "generated"
    try:
        if not suites.is_dir():
            make_suites(suites)
    except Skip as reason:
        print(f"skipped: {reason}")
        return 3
    if not generated.is_dir():
        make_generated(generated)
    found = verdicts(suites)
    if "--write" in sys.argv:
        written(COMMITTED, found)
    known = json.loads(COMMITTED.read_text())["files"]
    moved = [name for name, row in found.items() if name in known and known[name][0] == row[0] and known[name] != row]
    for name in moved:
        print(f"Pillow {PIL.__version__} says something new of {name}: {found[name][1]}, was {known[name][1]}")
    written(CACHE / "manifest.json", found | verdicts(generated))
    print(f"{CACHE}: {len(found)} files of suites, {sum(name in known for name in found)} of them known")
    return 1 if moved else 0


if __name__ == "__main__":
    sys.exit(main())
