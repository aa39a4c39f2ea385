#!/usr/bin/env bash
# The golden check: a Python environment with the pinned versions (made once, about 5 GB, kept and used again), then check.py.
#   bash golden/check.sh [--sail CLONE] [--all] [--self-test]        SAIL_UPSTREAM=CLONE is the same as --sail CLONE
# The environment's name is a hash of requirements.txt, so other pins make another one. Needs python3 3.10 to 3.12 (torch 2.5.1 and
# numpy 1.26.4 have no builds for later ones). Before it the picture suites, where Debian packages can be fetched.
# Exit 0: all equal; 1: a difference; 2: no environment could be made.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { echo "check.sh: $*" >&2; }
give_up() { say "$*"; exit 2; }

hash_of() {
  if command -v sha256sum > /dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -c1-16
}

find_python() {
  local name
  for name in python3 python3.12 python3.11 python3.10; do
    if "$name" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2> /dev/null; then
      command -v "$name"
      return
    fi
  done
  give_up "no python3 of version 3.10 to 3.12 found; install one (Debian: apt-get install python3 python3-venv)"
}

# Debian ships python3 without venv.
need_venv() {
  "$1" -c 'import venv, ensurepip' 2> /dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    say "installing python3-venv"
    { apt-get update -q && apt-get install -qy python3-venv; } >&2 || give_up "apt-get could not install python3-venv"
  fi
  "$1" -c 'import venv, ensurepip' 2> /dev/null || give_up "$1 has no venv module; install it (Debian: apt-get install python3-venv)"
}

install() {
  "$venv/bin/python" -m pip install --disable-pip-version-check --quiet -r "$here/requirements.txt" >&2 &&
    "$venv/bin/python" -c 'import torch, torchvision, transformers, tokenizers, safetensors, einops, numpy, PIL' >&2
}

# The mark is written last. Without it the environment is completed in place (quick if nothing is missing), else made afresh.
make_venv() {
  local python
  mkdir -p "$(dirname "$venv")"
  exec 9> "$venv.lock" # two checks at once: the second waits and then finds it done
  ! command -v flock > /dev/null || flock 9
  [ ! -e "$venv/complete" ] || return 0
  python=$(find_python)
  need_venv "$python"
  say "making or completing the Python environment $venv (once; up to 3 GB to download)"
  if [ ! -x "$venv/bin/python" ] || ! install; then
    rm -rf "$venv"
    "$python" -m venv "$venv" && install || give_up "could not install requirements.txt into $venv"
  fi
  touch "$venv/complete"
  exec 9>&-
}

venv=${XDG_CACHE_HOME:-$HOME/.cache}/sail-ts/$(hash_of "$here/requirements.txt")
[ -e "$venv/complete" ] || make_venv

# Pictures of other projects and generated ones against Pillow: fetched and judged there, decoded by test/image/suites.test.ts.
pictures() {
  local told fetched=0
  told=$("$venv/bin/python" "$here/image_suites.py") || fetched=$?
  say "picture suites: $told"
  [ "$fetched" != 3 ] || return 0
  [ "$fetched" = 0 ] || return 1
  [ -d "$here/../node_modules" ] || { say "picture suites: skipped, node_modules is missing (npm ci)"; return 0; }
  (cd "$here/.." && node scripts/test.mjs pictures)
}

status=0
[[ " $* " == *" --self-test "* ]] || pictures || status=1
"$venv/bin/python" "$here/check.py" "$@" || status=1
exit "$status"
