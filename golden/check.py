"""Makes the committed golden files again and compares: the check that CI runs through check.sh.

    check.py [--sail CLONE] [--all] [--self-test]

1. cases/: every dump again with model.py, our own PyTorch module (it shares no code with upstream), and sampling.json.
2. tiny/eval: expected ids of the embedded model, a sample of 60 or --all.
3. The Llama case again with transformers, and with --sail (or SAIL_UPSTREAM) the SAIL cases with upstream through dump.py.
4. The corpus of safetensors files again, with what Python's safetensors says to each.
--self-test instead damages one value at a time and expects each damage to be found. Last line: `N passed, N failed`; exit 1 if any failed.
"""
import argparse
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from tokenizers import Tokenizer

import corpus_safetensors
import dump
import make_cases
import model as sail
import preprocess
import sampling
import self_test
from compare import LIMITS, Verdict, compare
from sequence import Sequence, build_sequence, eos_ids, generate

GOLDEN = Path(__file__).parent
CASES, EVAL = GOLDEN / 'cases', GOLDEN / 'tiny' / 'eval'
CORPUS = GOLDEN.parent / 'test' / 'fixtures' / 'safetensors' / 'corpus.gz'
SAMPLE, SEED = 60, 11
passed = failed = 0


def report(title: str, verdicts: list[Verdict]) -> None:
    """One line a file, one more a fault; counts towards the total."""
    global passed, failed
    wrong = [v for v in verdicts if v.problem]
    passed, failed = passed + len(verdicts) - len(wrong), failed + len(wrong)
    equal = sum(v.error == 0 and not v.problem for v in verdicts)
    worst = max((v for v in verdicts if not v.problem), key=lambda v: v.error, default=None)
    far = f', largest relative L2 {worst.error:.1e} at {worst.name}' if worst and worst.error else ''
    print(f'{"FAILED" if wrong else "ok":6} {title}: {len(verdicts)} compared, {equal} equal{far}', flush=True)
    for v in wrong:
        print(f'       {v.name}: {v.problem}')


# ---------------------------------------------------------------- our own module

def sequence_of(tokenizer: Tokenizer, config: sail.Config, grid: tuple[int, int] | None, prompt: str) -> Sequence:
    """A text-only family has no template: the prompt as it is, with what the tokenizer adds."""
    if config.vision_patch_size is not None:
        return build_sequence(tokenizer, grid, prompt)
    ids = torch.tensor(tokenizer.encode(prompt).ids)
    return Sequence(ids, torch.full_like(ids, -1), torch.arange(len(ids)).expand(3, -1), 0)


def remake(folder: Path, image: Path | None, prompt: str, dtype: str, max_new_tokens: int) -> dict[str, torch.Tensor]:
    """All tensors of a golden file, made by model.py. Floats as the format stores them: bf16 widened, masks as bytes."""
    net = sail.load(folder, dump.DTYPES[dtype])
    made = preprocess.read(image, net.config.vision_patch_size) if image else {}
    grid = tuple(made['grid'].tolist()) if image else None
    sequence = sequence_of(Tokenizer.from_file(str(folder / 'tokenizer.json')), net.config, grid, prompt)
    stages: dict[str, torch.Tensor] = {}
    patches = made['patches'].to(dump.DTYPES[dtype]) if image else None
    ids, steps = generate(net, sequence, patches, eos_ids(folder), max_new_tokens, stages)
    made |= stages | {
        'input_ids': sequence.ids, 'vision_patch_indices': sequence.patch_indices, 'position_ids': sequence.position_ids, 'mask': sequence.mask,
        'prefix_len': torch.tensor([sequence.prefix]), 'generated_ids': torch.tensor(ids), 'step_logits': steps,
    }
    if image:
        at = sequence.patch_indices[: sequence.prefix] >= 0
        made['vision_features'] = stages['prefix.final_norm'][at].reshape(*grid, -1)
    stored = {torch.bool: torch.uint8, torch.bfloat16: torch.float32}
    return {name: value.to(stored.get(value.dtype, value.dtype)) for name, value in made.items()}


def compare_file(title: str, file: Path, found: dict[str, torch.Tensor], dtype: str) -> None:
    """Greedy ids of bf16 are not promised: its rounding is larger than a close margin, so they are left out."""
    wanted = load_file(file)
    names = [name for name in wanted if not (dtype == 'bf16' and name == 'generated_ids')]
    report(title, [compare(name, wanted[name], found.get(name), LIMITS[dtype]) for name in names])


def check_cases(manifest: dict) -> None:
    for case in manifest['cases']:
        folder = CASES / manifest['models'][case['model']]['folder']
        image = CASES / case['image'] if case['image'] else None
        for dtype, file in case['files'].items():
            made = remake(folder, image, case['prompt'], dtype, case['max_new_tokens'])
            compare_file(f'{case["case"]} {dtype}, model.py', CASES / file, made, dtype)


def check_sampling() -> None:
    """The filters only multiply, divide and remove: their scores are exact. logprobs hang on exp and log of the CPU."""
    wanted = json.loads((CASES / 'sampling.json').read_text())
    found = sampling.table(torch.tensor(wanted['rows']))
    verdicts = [Verdict(f'case {i}', 0, '' if a == b else f'differs: {a["options"]}') for i, (a, b) in enumerate(zip(wanted['cases'], found['cases']))]
    verdicts.append(Verdict('number of cases', 0, '' if len(wanted['cases']) == len(found['cases']) else f'{len(wanted["cases"])} and {len(found["cases"])}'))
    verdicts.append(compare('logprobs', torch.tensor(wanted['logprobs']), torch.tensor(found['logprobs']), LIMITS['f32']))
    report('sampling.json, transformers', verdicts)


def check_corpus() -> None:
    made = corpus_safetensors.container()
    same = gzip.decompress(CORPUS.read_bytes()) == made
    report(f'corpus.gz, {corpus_safetensors.count(made)} files and verdicts', [Verdict('corpus.gz', 0, '' if same else 'differs: python golden/corpus_safetensors.py writes it')])


# ---------------------------------------------------------------- the embedded model

def answer_ids(net: sail.Sail, tokenizer: Tokenizer, entry: dict, eos: set[int]) -> list[int]:
    image = preprocess.read(EVAL / entry['image'], net.config.vision_patch_size)
    sequence = build_sequence(tokenizer, tuple(image['grid'].tolist()), entry['prompt'])
    return generate(net, sequence, image['patches'], eos, len(entry['ids']))[0]


def check_tiny(everything: bool) -> None:
    if not (EVAL / 'eval.jsonl').is_file():
        report('tiny/eval', [Verdict('eval.jsonl', 0, f'no file {EVAL / "eval.jsonl"}: evaluate.py writes it')])
        return
    folder = EVAL.parent
    entries = [json.loads(line) for line in (EVAL / 'eval.jsonl').read_text().splitlines() if line]
    chosen = entries if everything else random.Random(SEED).sample(entries, min(SAMPLE, len(entries)))
    net, tokenizer, eos = sail.load(folder), Tokenizer.from_file(str(folder / 'tokenizer.json')), eos_ids(folder)
    verdicts = []
    for entry in chosen:
        ids = answer_ids(net, tokenizer, entry, eos)
        verdicts.append(Verdict(f'{entry["image"]} {entry["prompt"]!r}', 0, '' if ids == entry['ids'] else f'expected {entry["ids"]}, found {ids}'))
    report(f'tiny/eval, {len(chosen)} of {len(entries)} entries, greedy ids', verdicts)


# ---------------------------------------------------------------- transformers and upstream

def check_transformers(manifest: dict, folder: Path) -> None:
    case = next(c for c in manifest['cases'] if c['case'] == make_cases.TEXT[0])
    for dtype, file in case['files'].items():
        make_cases.dump_text(dtype, make_cases.text_stages(dtype), folder / file)
        compare_file(f'{case["case"]} {dtype}, transformers', CASES / file, load_file(folder / file), dtype)


def check_upstream(manifest: dict, clone: str, folder: Path) -> None:
    for case in manifest['cases']:
        model = CASES / manifest['models'][case['model']]['folder']
        if case['case'] == make_cases.TEXT[0]:
            continue
        for dtype, file in case['files'].items():
            command = [sys.executable, GOLDEN / 'dump.py', '--sail', clone, '--model', model, '--prompt', case['prompt'], '--dtype', dtype]
            command += ['--max-new-tokens', case['max_new_tokens'], '--threads', 1, '--out', folder / f'x-{file.replace(f".{dtype}.", f"-{dtype}.")}']
            command += ['--image', CASES / case['image']] if case['image'] else []
            run = subprocess.run(list(map(str, command)), stderr=subprocess.PIPE, text=True)
            title = f'{case["case"]} {dtype}, upstream'
            if run.returncode:
                report(title, [Verdict('dump.py', 0, f'exit status {run.returncode}: {run.stderr.strip().splitlines()[-1:]}')])
            else:
                compare_file(title, CASES / file, load_file(command[command.index('--out') + 1]), dtype)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--sail', default=os.environ.get('SAIL_UPSTREAM'), metavar='CLONE', help='clone of upstream (default: SAIL_UPSTREAM)')
    parser.add_argument('--all', action='store_true', help=f'all entries of tiny/eval, not a sample of {SAMPLE}')
    parser.add_argument('--self-test', action='store_true', help='prove that the comparison finds damage')
    options = parser.parse_args()
    torch.set_num_threads(1)  # as the committed files were made
    transformers.logging.set_verbosity_error()
    dump.say = lambda text: None
    manifest = json.loads((CASES / 'manifest.json').read_text())
    print(', '.join(f'{name} {version}' for name, version in dump.versions().items()))
    if options.self_test:
        case = manifest['cases'][0]
        made = remake(CASES / manifest['models'][case['model']]['folder'], CASES / case['image'], case['prompt'], 'f32', case['max_new_tokens'])
        report('self-test', self_test.run(load_file(CASES / case['files']['f32']), made))
    else:
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            check_cases(manifest)
            check_sampling()
            check_corpus()
            check_tiny(options.all)
            check_transformers(manifest, Path(folder))
            if options.sail:
                check_upstream(manifest, options.sail, Path(folder))
            else:
                print('       upstream: not compared, no clone given (--sail or SAIL_UPSTREAM)')
    print(f'{passed} passed, {failed} failed')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
