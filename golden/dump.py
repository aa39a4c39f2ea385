"""What upstream SAIL computes, stage by stage, as one golden file (README.md beside this file explains the format).

    python dump.py --sail CLONE --model DIR --image FILE --prompt TEXT --out X.f32.safetensors

Upstream runs as it is: its `example.py` main block is executed (not copied) on its `modeling_sail.py`; forward hooks read the
values out, and the few that no module returns (rotated q and k, rotary tables) come from a wrapper around the upstream function.
A run without hooks comes first; every bit of its logits, ids and cache must equal the hooked run's, else nothing is written.

Weights stay in the checkpoint's type; each layer is widened when its turn comes and dropped after, so the model is held once.
Exit status: 0 written, 1 the hooked run differs from the plain one, 2 bad usage or bad input. Progress goes to stderr.
"""
import argparse
import ast
import contextlib
import gc
import importlib
import io
import json
import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

FORMAT = 'sail-golden/1'
STAGES = 'image.*,patches,mask,vision_features,prefix.**,text.**'


# ---------------------------------------------------------------- command line

def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split('\n\n')[0], epilog='\n\n'.join(__doc__.split('\n\n')[1:]), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('--sail', required=True, metavar='CLONE', help='folder with upstream\'s example.py and modeling_sail.py; it is only read')
    add('--model', required=True, metavar='DIR', help='checkpoint folder: config.json, weights, tokenizer files')
    add('--image', metavar='FILE', help='PNG or JPEG; without it the prompt stands alone')
    add('--prompt', required=True, metavar='TEXT', help='the bare prompt, upstream puts it into [INST] ... [/INST]')
    add('--dtype', choices=('f32', 'f64', 'bf16'), help='f32 and f64: eager attention; bf16: SDPA, as upstream ships (default: f32)')
    add('--device', choices=('cpu', 'cuda'), default='cpu', help='where it runs (default: cpu)')
    add('--stages', default=STAGES, metavar='GLOB[,GLOB]', help='* within one dotted part, ** any number of parts; step.<k>.* only when asked for. '
        f'Ids, positions, grid and step_logits are always written (default: {STAGES})')
    add('--f64-stages', metavar='GLOB[,GLOB]', help='stages of X.f64.safetensors where they are to be fewer (default: as --stages)')
    add('--max-new-tokens', type=int, default=16, metavar='N', help='greedy tokens, 1 or more (default: 16)')
    add('--threads', type=int, metavar='N', help='CPU threads; 1 makes f32 the same everywhere on one kind of CPU (default: torch\'s)')
    add('--out', required=True, metavar='FILE', help='safetensors file; a name X.f32.safetensors also writes X.f64.safetensors')
    options = parser.parse_args()
    named = re.search(r'\.(f32|f64|bf16)\.safetensors$', options.out)
    options.dtype = options.dtype or (named[1] if named else 'f32')
    for bad, what in (
        (options.max_new_tokens < 1, '--max-new-tokens must be 1 or more: the text pass itself yields the first token'),
        (options.threads is not None and options.threads < 1, '--threads must be 1 or more'),
        (not options.out.endswith('.safetensors'), f'--out must end in .safetensors, found {options.out}'),
        (bool(named) and named[1] != options.dtype, f'--out is named {named and named[1]}, --dtype says {options.dtype}'),
        (not Path(options.out).resolve().parent.is_dir(), f'--out: no folder {Path(options.out).parent}'),
        (not (Path(options.sail) / 'modeling_sail.py').is_file(), f'--sail: no modeling_sail.py in {options.sail}; clone ByteDance-Seed/SAIL'),
        (not (Path(options.model) / 'config.json').is_file(), f'--model: no config.json in {options.model}'),
        (options.image is not None and not Path(options.image).is_file(), f'--image: no file {options.image}'),
    ):
        if bad:
            parser.error(what)
    options.runs = {options.dtype: options.stages}
    if named and options.dtype == 'f32':
        options.runs['f64'] = options.f64_stages or options.stages
    return options


def say(text: str) -> None:
    print(f'dump.py: {text}', file=sys.stderr, flush=True)


def fail(text: str, status: int = 2) -> NoReturn:
    say(f'error: {text}')
    sys.exit(status)


if __name__ == '__main__' and {'-h', '--help'} & set(sys.argv):
    arguments()  # help needs neither torch nor a second of waiting
try:
    import numpy as np
    import PIL
    import tokenizers
    import torch
    import torchvision
    import transformers
except ImportError as problem:
    fail(f'{problem}; install the pinned versions of requirements.txt')

DTYPES = {'f32': torch.float32, 'f64': torch.float64, 'bf16': torch.bfloat16}


# ---------------------------------------------------------------- upstream, loaded and run as it is

class Upstream:
    """The two modules of a clone. Nothing in it is changed: names are replaced in a copy of the main block's namespace."""

    def __init__(self, folder: str):
        sys.dont_write_bytecode = True  # the clone stays as it was
        sys.path.insert(0, str(Path(folder).resolve()))
        try:
            self.modeling: ModuleType = importlib.import_module('modeling_sail')
            self.example: ModuleType = importlib.import_module('example')
        except ImportError as problem:
            fail(f'{folder} cannot be imported: {problem}')
        if not self.modeling.__file__.startswith(str(Path(folder).resolve())):
            fail(f'modeling_sail was imported from {self.modeling.__file__}, not from {folder}')
        tree = ast.parse(Path(self.example.__file__).read_text(encoding='utf-8'))
        blocks = [node for node in tree.body if isinstance(node, ast.If) and '__main__' in ast.dump(node.test)]
        if len(blocks) != 1:
            fail(f'{self.example.__file__}: expected one `if __name__ == "__main__"` block, found {len(blocks)}')
        self.main = compile(ast.Module(blocks[0].body, []), self.example.__file__, 'exec')

    def load(self, folder: str, weights: torch.dtype, attention: str) -> tuple[Any, Any]:
        """Upstream's own loader with another type and attention: it hard-codes bf16 and SDPA."""
        cls = self.modeling.SailForCausalLM
        real = cls.from_pretrained  # inherited: deleting ours brings it back
        cls.from_pretrained = lambda path, **more: real(path, **{**more, 'torch_dtype': weights, 'attn_implementation': attention})
        try:
            model, tokenizer = self.modeling.get_transformer_and_tokenizer(folder, folder)
        except Exception as problem:  # transformers raises many kinds
            fail(f'{folder}: {type(problem).__name__}: {problem}')
        finally:
            del cls.from_pretrained
        return model.eval(), tokenizer

    def run(self, model: Any, tokenizer: Any, options: argparse.Namespace, dtype: torch.dtype) -> SimpleNamespace:
        """The main block from image and prompt to the answer. -> its variables."""
        config = self.example.GenerationConfig
        names = {
            **vars(self.example),
            'PROMPT': options.prompt,
            'IMAGE_PATH': options.image,
            'get_transformer_and_tokenizer': lambda *_: (model, tokenizer),
            'GenerationConfig': lambda **more: config(**{**more, 'max_new_tokens': options.max_new_tokens, 'output_logits': True}),
            'torch': TorchWith(bfloat16=dtype),
        }
        with self.on(options.device), contextlib.redirect_stdout(io.StringIO()):
            if options.image is None:
                return self.run_text(names, model, tokenizer, options)
            exec(self.main, names)
        return SimpleNamespace(**{k: names[k] for k in (
            'input_ids', 'vision_patch_indices', 'position_ids', 'attention_mask', 'image_patches', 'image_tokens_len', 'prefix_cache', 'generated', 'response'
        )})

    def run_text(self, names: dict[str, Any], model: Any, tokenizer: Any, options: argparse.Namespace) -> SimpleNamespace:
        """Upstream's example always has an image; without one the same call stands alone: positions count up, no patches."""
        text = tokenizer.bos_token + '[INST] {} [/INST]'.format(options.prompt)
        ids = tokenizer(text, add_special_tokens=False, return_tensors='pt').input_ids
        if (ids >= tokenizer.vis_beg_tok_id).any():
            fail(f'the prompt {options.prompt!r} spells image tokens')
        positions = torch.arange(ids.size(1)).expand(3, 1, -1)
        none = torch.full_like(ids, -1)
        inputs = dict(input_ids=ids, position_ids=positions, attention_mask=torch.ones_like(ids), vision_patch_indices=none)
        inputs = {k: v.to(options.device) for k, v in inputs.items()}
        generated = model.generate(
            **inputs, vision_patches=None, use_cache=True, past_key_values=self.example.DynamicCache(), generation_config=names['GenerationConfig'](return_dict_in_generate=True)
        )
        response = tokenizer.decode(generated.sequences[0, ids.size(1) :], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        mask = torch.ones(ids.size(1), ids.size(1), dtype=torch.bool).tril()
        return SimpleNamespace(
            input_ids=ids, vision_patch_indices=none, position_ids=positions, attention_mask=mask, image_patches=None, image_tokens_len=0,
            prefix_cache=None, generated=generated, response=response,
        )

    @contextlib.contextmanager
    def on(self, device: str) -> Iterator[None]:
        """The main block says .cuda(): here that means the chosen device."""
        real = torch.Tensor.cuda, torch.nn.Module.cuda
        torch.Tensor.cuda = torch.nn.Module.cuda = lambda self, *_, **__: self.to(device)
        try:
            with torch.no_grad():
                yield
        finally:
            torch.Tensor.cuda, torch.nn.Module.cuda = real


class TorchWith:
    """The torch module with a few names replaced."""

    def __init__(self, **names: Any):
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


def stored_type(folder: str) -> torch.dtype:
    """The widest float type in the checkpoint's weights: loading in it rounds nothing."""
    names = {'F64': torch.float64, 'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16}
    found: set[torch.dtype] = set()
    for file in sorted(Path(folder).glob('*.safetensors')):
        with file.open('rb') as data:
            header = json.loads(data.read(struct.unpack('<Q', data.read(8))[0]))
        found |= {names[t['dtype']] for name, t in header.items() if name != '__metadata__' and t['dtype'] in names}
    if not found:
        for file in sorted(Path(folder).glob('pytorch_model*.bin')):
            found |= {t.dtype for t in torch.load(file, map_location='cpu', mmap=True, weights_only=True).values() if t.is_floating_point()}
    if not found:
        fail(f'{folder}: no *.safetensors and no pytorch_model*.bin with float weights')
    wide = found & {torch.float64} or found & {torch.float32} or (found if len(found) == 1 else {torch.float32})
    return wide.pop()


# ---------------------------------------------------------------- widening, one layer at a time

class Widened:
    """While it lasts, each layer (and norm, head, patch embedding) computes in `dtype`: its weights are converted when its
    turn comes and the originals put back after. An embedding is a look-up, so its output is converted instead."""

    def __init__(self, model: torch.nn.Module, dtype: torch.dtype):
        self.dtype, self.handles, self.kept = dtype, [], {}
        parts = [*model.model.layers, model.model.norm, model.lm_head, *[m for m in [getattr(model.model, 'vis_embed', None)] if m is not None]]
        if all(p.dtype == dtype for p in model.parameters()):
            return  # nothing to convert: no hooks at all
        for part in parts:
            self.handles += [part.register_forward_pre_hook(self.widen), part.register_forward_hook(self.restore)]
        self.handles += [model.model.embed_tokens.register_forward_hook(lambda _, __, out: out.to(dtype))]

    def widen(self, part: torch.nn.Module, _: Any) -> None:
        self.kept[part] = [(p, p.data) for p in part.parameters()]
        for p, data in self.kept[part]:
            p.data = data.to(self.dtype)

    def restore(self, part: torch.nn.Module, *_: Any) -> None:
        for p, data in self.kept.pop(part):
            p.data = data

    def __enter__(self) -> 'Widened':
        return self

    def __exit__(self, *_: Any) -> None:
        for handle in self.handles:
            handle.remove()


# ---------------------------------------------------------------- capture: hooks that read and never change

class Capture:
    """Hands every stage of every pass to `keep(name, make)`; `make()` yields the tensor, so unwanted stages cost nothing.
    `passes` names the calls of the model in order; the calls after them are step.0, step.1, .. (step.k reads generated_ids[k]).
    `functions` is the module whose `rotate` function the attention calls. Also used with other models of the Llama family."""

    def __init__(self, model: Any, functions: ModuleType, rotate: str, passes: list[str], keep: Callable[[str, Callable[[], torch.Tensor]], None]):
        self.passes, self.keep, self.calls, self.layer = passes, keep, -1, 0
        self.step_logits: list[torch.Tensor] = []
        self.functions, self.rotate, self.real = functions, rotate, getattr(functions, rotate)
        self.handles: list[Any] = []
        inner = model.model
        self.before(inner, lambda *_: self.next_pass())
        self.before(inner.layers[0], lambda args, kwargs: self.first_layer(args[0], kwargs))
        for i, layer in enumerate(inner.layers):
            self.watch_layer(i, layer, model.config._attn_implementation == 'eager')
        self.after(inner.norm, lambda out: self.see('final_norm', out[0]))
        self.after(model.lm_head, self.logits)

    def watch_layer(self, i: int, layer: Any, eager: bool) -> None:
        attention, mlp, name = layer.self_attn, layer.mlp, f'layers.{i}.'
        self.after(layer.input_layernorm, lambda out: self.see(name + 'attn_norm', out[0]))
        self.before(attention, lambda _, kwargs: self.enter_attention(i, kwargs, eager))
        for stage in 'qkv':
            self.after(getattr(attention, f'{stage}_proj'), lambda out, stage=stage: self.see(name + stage, out[0]))
        if eager:
            self.after(attention, lambda out: self.see(name + 'attn_weights', out[1][0]))
        self.before(attention.o_proj, lambda args, _: self.see(name + 'attn_heads', args[0][0]))
        self.after(attention.o_proj, lambda out: self.see(name + 'attn_out', out[0]))
        self.before(layer.post_attention_layernorm, lambda args, _: self.see(name + 'attn_residual', args[0][0]))
        self.after(layer.post_attention_layernorm, lambda out: self.see(name + 'mlp_norm', out[0]))
        self.after(mlp.gate_proj, lambda out: self.see(name + 'gate', out[0]))
        self.after(mlp.up_proj, lambda out: self.see(name + 'up', out[0]))
        self.before(mlp.down_proj, lambda args, _: self.see(name + 'act', args[0][0]))
        self.after(mlp.down_proj, lambda out: self.see(name + 'mlp_out', out[0]))
        self.after(layer, lambda out: self.see(name + 'out', out[0][0]))

    def before(self, module: torch.nn.Module, read: Callable[[Any, Any], Any]) -> None:
        self.handles.append(module.register_forward_pre_hook(lambda _, args, kwargs: read(args, kwargs), with_kwargs=True))

    def after(self, module: torch.nn.Module, read: Callable[[Any], Any]) -> None:
        self.handles.append(module.register_forward_hook(lambda _, __, out: read(out)))

    def next_pass(self) -> None:
        self.calls += 1
        known = self.calls < len(self.passes)
        self.name = self.passes[self.calls] if known else f'step.{self.calls - len(self.passes)}'
        say(f'{self.name} pass' if known else self.name)

    def see(self, stage: str, value: torch.Tensor) -> None:
        self.keep(f'{self.name}.{stage}', lambda: value)

    def first_layer(self, x: torch.Tensor, kwargs: dict[str, Any]) -> None:
        self.see('embed', x[0])
        self.added = kwargs['attention_mask']
        self.first_key = int(kwargs['cache_position'][0])
        S = x.size(1)
        self.keep(f'{self.name}.mask', lambda: self.visible(S))

    def visible(self, S: int) -> torch.Tensor:
        """(S, K) True where the additive mask lets the key through; no mask at all is SDPA's own causal one."""
        K = self.first_key + S
        if self.added is None:
            return torch.ones(S, K, dtype=torch.bool).tril(self.first_key)
        return self.added[0, 0, :, :K] == 0

    def enter_attention(self, i: int, kwargs: dict[str, Any], eager: bool) -> tuple[tuple[()], dict[str, Any]] | None:
        self.layer = i
        return ((), {**kwargs, 'output_attentions': True}) if eager else None  # eager then also returns the weights it used

    def rotated(self, q: torch.Tensor, k: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, *more: Any) -> tuple[torch.Tensor, torch.Tensor]:
        q_rope, k_rope = self.real(q, k, cos, sin, *more)
        self.see(f'layers.{self.layer}.q_rope', q_rope[0])
        self.see(f'layers.{self.layer}.k_rope', k_rope[0])
        if self.layer == 0:
            for part in ('cos', 'sin'):
                self.keep(f'{self.name}.rope.{part}', lambda part=part: self.table(part, q, cos, sin, more))
        return q_rope, k_rope

    def table(self, part: str, like: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, more: tuple[Any, ...]) -> torch.Tensor:
        """(S, E) after the choice of axes, read by rotating unit vectors: (1, 0) -> (cos, sin), (0, 1) -> (-sin, cos)."""
        half = like.size(-1) // 2
        low = torch.zeros_like(like[:, :1])
        low[..., :half] = 1
        a, b = self.real(low, 1 - low, cos, sin, *more)
        parts = (a[..., :half], b[..., half:]) if part == 'cos' else (-b[..., :half], a[..., half:])
        return torch.cat(parts, -1)[0, 0]

    def logits(self, out: torch.Tensor) -> None:
        self.see('logits', out[0])
        if self.name != 'prefix':
            self.step_logits.append(out[0, -1].detach().cpu().clone())

    def __enter__(self) -> 'Capture':
        setattr(self.functions, self.rotate, self.rotated)
        return self

    def __exit__(self, *_: Any) -> None:
        setattr(self.functions, self.rotate, self.real)
        for handle in self.handles:
            handle.remove()


# ---------------------------------------------------------------- the golden file, written as the values come

def matcher(globs: str) -> Callable[[str], bool]:
    """`*` matches within one dotted part, `**` any number of parts."""
    def pattern(glob: str) -> str:
        parts = [part for part in re.split(r'(\*\*|\*)', glob.strip()) if part]
        return ''.join({'**': '.*', '*': '[^.]*'}.get(part, re.escape(part)) for part in parts)
    whole = re.compile('|'.join(f'(?:{pattern(glob)})' for glob in globs.split(',')))
    return lambda name: whole.fullmatch(name) is not None


class GoldenWriter:
    """A safetensors file whose tensors go to disk as they are made: a long image's attention weights never gather in memory.
    The widest type comes first (I64, floats of the run, then kept-back patches, then bytes), so that every tensor is aligned.
    Written under a temporary name and renamed at the end."""
    NAMES = {torch.float64: 'F64', torch.float32: 'F32', torch.int64: 'I64', torch.uint8: 'U8'}

    def __init__(self, out: str, dtype: torch.dtype):
        self.out, self.temporary = Path(out), Path(f'{out}.{os.getpid()}.tmp')
        self.floats = torch.float64 if dtype == torch.float64 else torch.float32
        self.tensors: dict[str, dict[str, Any]] = {}
        self.late: dict[str, torch.Tensor] = {}
        self.size = 0
        self.data = self.temporary.open('w+b')

    def stage(self, name: str, value: torch.Tensor) -> None:
        """A value of the run: bf16 is widened, which is exact; masks become bytes and wait for the end."""
        if value.dtype == torch.bool:
            self.late[name] = value.cpu().to(torch.uint8)
        else:
            self.put(name, value.to(self.floats))

    def put(self, name: str, value: torch.Tensor) -> None:
        raw = value.detach().cpu().contiguous().numpy().tobytes()
        self.tensors[name] = {'dtype': self.NAMES[value.dtype], 'shape': list(value.shape), 'data_offsets': [self.size, self.size + len(raw)]}
        self.data.write(raw)
        self.size += len(raw)

    def finish(self, metadata: dict[str, str]) -> None:
        for name, value in sorted(self.late.items(), key=lambda item: (-item[1].element_size(), item[0])):
            self.put(name, value)
        header = json.dumps({'__metadata__': metadata, **self.tensors}, ensure_ascii=False, separators=(',', ':')).encode()
        header += b' ' * (-len(header) % 8)
        with Path(f'{self.temporary}2').open('wb') as whole:
            whole.write(struct.pack('<Q', len(header)) + header)
            self.data.seek(0)
            while chunk := self.data.read(1 << 24):
                whole.write(chunk)
        os.replace(f'{self.temporary}2', self.out)

    def close(self) -> None:
        self.data.close()
        for file in (self.temporary, Path(f'{self.temporary}2')):
            file.unlink(missing_ok=True)


# ---------------------------------------------------------------- proof and dump

def check_same(plain: SimpleNamespace, hooked: SimpleNamespace) -> None:
    """Exit 1 unless both runs agree in every bit: logits of each step, ids, and keys and values of both caches."""
    def tensors(run: SimpleNamespace) -> Iterator[tuple[str, torch.Tensor]]:
        yield 'ids', run.generated.sequences
        yield from ((f'logits of step {k}', row) for k, row in enumerate(run.generated.logits))
        for what, cache in (('prefix cache', run.prefix_cache), ('cache', run.generated.past_key_values)):
            if cache is not None:
                yield from ((f'{what}, layer {i}, {part}', t) for part, ts in (('keys', cache.key_cache), ('values', cache.value_cache)) for i, t in enumerate(ts))
    a, b = list(tensors(plain)), list(tensors(hooked))
    if [name for name, _ in a] != [name for name, _ in b]:
        fail(f'the hooked run has other results than the plain one: {len(b)} tensors against {len(a)}', 1)
    for (name, x), (_, y) in zip(a, b):
        if x.shape != y.shape or x.dtype != y.dtype or not torch.equal(x.contiguous().view(torch.uint8), y.contiguous().view(torch.uint8)):
            fail(f'the hooked run differs from the plain one at "{name}": nothing was written', 1)
    say(f'the hooked run equals the plain one in all bits of {len(a)} tensors')


def fixed_tensors(upstream: Upstream, run: SimpleNamespace, options: argparse.Namespace) -> dict[str, torch.Tensor]:
    """What precedes the model, from upstream's own functions."""
    found = {
        'input_ids': run.input_ids[0], 'vision_patch_indices': run.vision_patch_indices[0], 'position_ids': run.position_ids[:, 0],
        'prefix_len': torch.tensor([run.image_tokens_len]), 'generated_ids': run.generated.sequences[0, run.input_ids.size(1) :],
        'mask': run.attention_mask.reshape(run.attention_mask.shape[-2:]).to(torch.uint8),
    }
    if options.image is None:
        return found
    GH, GW, _, p, _ = run.image_patches.shape
    image = upstream.example.load_base64_to_PILImage(upstream.example.load_image_to_base64(options.image))
    resized = upstream.example.get_transform(GH * p, GW * p).transforms[0](image)
    return found | {
        'grid': torch.tensor([GH, GW]), 'patches': run.image_patches.reshape(GH * GW, -1),
        'image.rgb': torch.from_numpy(np.array(image)), 'image.resized': torch.from_numpy(np.array(resized)),
    }


def image_name(image: str | None, out: str, model: str) -> dict[str, str]:
    """Relative to a folder where a reader of the dump looks (dump, its parent, model, its parents), else the bare name."""
    if image is None:
        return {}
    file, near, checkpoint = Path(image).resolve(), Path(out).resolve().parent, Path(model).resolve()
    for folder in (near, near.parent, checkpoint, checkpoint.parent, checkpoint.parent.parent):
        if folder != Path(folder.anchor) and file.is_relative_to(folder):
            return {'image': file.relative_to(folder).as_posix()}
    return {'image': file.name}


def versions() -> dict[str, str]:
    return {
        'torch': torch.__version__, 'torchvision': torchvision.__version__, 'transformers': transformers.__version__, 'pillow': PIL.__version__,
        'tokenizers': tokenizers.__version__, 'numpy': np.__version__, 'cpu': torch.backends.cpu.get_cpu_capability(), 'threads': str(torch.get_num_threads()),
    }


def commit(folder: str) -> dict[str, str]:
    found = subprocess.run(['git', '-C', folder, 'rev-parse', 'HEAD'], capture_output=True, text=True)
    return {'upstream': found.stdout.strip()} if found.returncode == 0 else {}


def dump(upstream: Upstream, options: argparse.Namespace, name: str, stages: str, out: str) -> None:
    """One dtype: load, run plain, run hooked, compare, write."""
    dtype, began = DTYPES[name], time.monotonic()
    attention = 'sdpa' if name == 'bf16' else 'eager'
    held = torch.bfloat16 if name == 'bf16' else stored_type(options.model)
    say(f'{name}: loading {options.model} (weights held as {str(held).removeprefix("torch.")}, attention {attention}, {options.device})')
    model, tokenizer = upstream.load(options.model, held, attention)
    model = model.to(options.device)
    wanted = matcher(stages)
    if name == 'bf16' and wanted('text.layers.0.attn_weights') and stages != STAGES:
        say('SDPA never forms attn_weights: a bf16 dump has none')
    passes = ['text'] if options.image is None else ['prefix', 'text']
    writer = GoldenWriter(out, dtype)
    try:
        with Widened(model, dtype):
            say(f'{name}: plain run')
            plain = upstream.run(model, tokenizer, options, dtype)
            fixed = fixed_tensors(upstream, plain, options)
            for key, value in fixed.items():
                if value.dtype == torch.int64:
                    writer.put(key, value)
                elif wanted(key):
                    writer.late[key] = value
            features: list[torch.Tensor] = []

            def keep(stage: str, make: Callable[[], torch.Tensor]) -> None:
                if wanted(stage):
                    writer.stage(stage, make())
                if stage == 'prefix.final_norm' and wanted('vision_features'):
                    features.append(make()[fixed['vision_patch_indices'][: fixed['prefix_len']] >= 0].clone())

            say(f'{name}: hooked run')
            with Capture(model, upstream.modeling, 'apply_multimodal_rotary_pos_emb', passes, keep) as capture:
                hooked = upstream.run(model, tokenizer, options, dtype)
        check_same(plain, hooked)
        if features:
            writer.stage('vision_features', features[0].reshape(*fixed['grid'].tolist(), -1))
        writer.stage('step_logits', torch.stack(capture.step_logits))
        missing = [glob for glob in stages.split(',') if not any(map(matcher(glob), writer.tensors | writer.late)) and stages != STAGES]
        if missing:
            fail(f'--stages {",".join(missing)} names nothing that this run has; nothing was written')
        writer.finish({
            'format': FORMAT, 'case': re.sub(r'(\.(f32|f64|bf16))?\.safetensors$', '', Path(out).name), 'model': Path(options.model).resolve().name,
            **image_name(options.image, out, options.model), 'prompt': options.prompt, 'dtype': name, 'attention': attention, 'device': options.device,
            'max_new_tokens': str(options.max_new_tokens), 'response': hooked.response, **versions(), **commit(options.sail),
        })
        say(f'{out}: {len(writer.tensors)} tensors, {writer.size / 1e6:.1f} MB, {time.monotonic() - began:.0f} s')
    finally:
        writer.close()
        del model
        gc.collect()  # hooks and model refer to each other; the next dtype loads its own


def main() -> None:
    options = arguments()
    transformers.logging.set_verbosity_error()
    if options.device == 'cuda' and not torch.cuda.is_available():
        fail('--device cuda: torch sees no GPU')
    if options.threads:
        torch.set_num_threads(options.threads)
    upstream = Upstream(options.sail)
    for name, stages in options.runs.items():
        try:
            dump(upstream, options, name, stages, re.sub(r'\.f32\.safetensors$', f'.{name}.safetensors', options.out))
        except (AssertionError, ValueError, OSError) as problem:
            where = problem.__traceback__
            while where.tb_next:
                where = where.tb_next
            fail(f'{type(problem).__name__} in {Path(where.tb_frame.f_code.co_filename).name}, line {where.tb_lineno}: '
                 f'{str(problem) or "upstream refuses this prompt (it spells image tokens)"}')


if __name__ == '__main__':
    main()
