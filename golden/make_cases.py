"""Makes golden/cases: tiny models with seeded random weights, images, and what PyTorch computes on them.

    python make_cases.py --sail CLONE

tiny-a: GQA, f16, one file. tiny-window: an active sliding window, bf16 in two shards, eos from config.json alone (met). text-llama:
f32, no image, head size 64, biases, tied head, byte-level tokenizer. SAIL's are dumped from upstream by dump.py, Llama's from
transformers' own LlamaForCausalLM through the same hooks. Sizes keep the whole folder below 6 MB; one thread, so f32 repeats.
"""
import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from transformers.models.llama import modeling_llama

import case_tokenizers
import dump
import model as sail

CASES = Path(__file__).parent / 'cases'
LIGHT = 'prefix.embed,text.embed,*.layers.*.out,*.final_norm,*.logits'
SAIL_SIZES = {
    'tiny-a': dict(hidden_size=256, num_attention_heads=2, num_key_value_heads=1, intermediate_size=64, vision_patch_size=14, rms_norm_eps=1e-5,
                   rope_theta=10000.0, sliding_window=None, torch_dtype='float16', eos_token_id=2),
    'tiny-window': dict(hidden_size=128, num_attention_heads=1, num_key_value_heads=1, intermediate_size=96, vision_patch_size=8, rms_norm_eps=1e-6,
                        rope_theta=1000000.0, sliding_window=12, torch_dtype='bfloat16', eos_token_id=247),
}
SEEDS = {'tiny-a': 16, 'tiny-window': 2, 'text-llama': 29}  # chosen for greedy margins above 0.15
TEXT_LIGHT = 'text.embed,text.layers.*.out,text.final_norm,text.logits'
DUMPS = [  # case, model, image, prompt, new tokens, {dtype: stages}
    ('tiny-a-image', 'tiny-a', 'noise-40x26.png', 'what is in the hat?', 8, {'f32': dump.STAGES, 'f64': LIGHT, 'bf16': LIGHT}),
    ('tiny-a-text', 'tiny-a', None, 'what is \u00e9?', 6, {'f32': f'mask,text.mask,{TEXT_LIGHT}', 'f64': TEXT_LIGHT}),
    ('tiny-window-image', 'tiny-window', 'noise-17x25.jpg', 'is the hat on it?', 8, {'f32': dump.STAGES, 'f64': LIGHT}),
]
TEXT = ('text-llama', 'The 12 caf\u00e9s of the\n\ning \U0001F642?', 8)


def images(folder: Path) -> None:
    """Smooth colours with noise on top, so that a shifted or swapped pixel shows."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, more in (('noise-40x26.png', {'optimize': True}), ('noise-17x25.jpg', {'quality': 90, 'subsampling': '4:2:0'})):
        width, height = map(int, name[6:11].split('x'))
        y, x = np.mgrid[:height, :width]
        smooth = np.stack([255 * x / width, 255 * y / height, 255 * (x + y) / (width + height)], -1)
        noise = np.random.default_rng(width).integers(-30, 31, smooth.shape)
        Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8)).save(folder / name, **more)


def randomise(model: torch.nn.Module, seed: int) -> None:
    """N(0, gain^2 / inner), norms around 1, small embeddings so that eps matters, logits spread over about +-12."""
    draw = torch.Generator().manual_seed(seed)
    gains = {'q_proj': 1.6, 'k_proj': 1.6, 'lm_head': 4.0, 'o_proj': 0.4, 'down_proj': 0.4, 'vis_embed': 0.05}
    tied = model.config.tie_word_embeddings  # the head is then as small as the embeddings: the last norm makes up for it
    for name, weight in sorted(model.named_parameters()):
        value = torch.randn(weight.shape, generator=draw)
        if name.endswith('bias'):
            value *= 0.3
        elif 'norm' in name:
            value = (6 if tied and name == 'model.norm.weight' else 1) * (1 + 0.2 * value)
        elif 'embed_tokens' in name:
            value *= 0.06
        else:
            value *= next((g for part, g in gains.items() if part in name), 1.0) / weight.shape[1] ** 0.5
        weight.data.copy_(value)


def write_json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, indent=1) + '\n')


def sail_model(name: str) -> None:
    folder = CASES / 'models' / name
    sizes = SAIL_SIZES[name]
    vocabulary = case_tokenizers.mistral(folder, prepend=name == 'tiny-a')
    config = {
        'architectures': ['SailForCausalLM'], 'model_type': 'mistral', 'vocab_size': vocabulary, 'num_hidden_layers': 2, **sizes, 'hidden_act': 'silu',
        'max_position_embeddings': 4096, 'bos_token_id': 1, 'tie_word_embeddings': False,
    }
    write_json(folder / 'config.json', config)
    if name == 'tiny-a':
        write_json(folder / 'generation_config.json', {'bos_token_id': 1, 'eos_token_id': [2, 290]})
    net = sail.Sail(sail.Config.read(folder))
    net.config.tie_word_embeddings = False
    randomise(net, SEEDS[name])
    tensors = {k: v.to(getattr(torch, sizes['torch_dtype'])).contiguous() for k, v in net.state_dict().items()}
    if name == 'tiny-a':
        save_file(tensors, folder / 'model.safetensors', metadata={'format': 'pt'})
        return
    shards = {1: {}, 2: {}}
    for key, value in tensors.items():
        shards[2 if 'layers.1' in key or key.startswith(('lm_head', 'model.norm')) else 1][key] = value
    place = {}
    for n, part in shards.items():
        file = f'model-{n:05}-of-00002.safetensors'
        save_file(part, folder / file, metadata={'format': 'pt'})
        place |= {key: file for key in part}
    total = sum(v.numel() * v.element_size() for v in tensors.values())
    write_json(folder / 'model.safetensors.index.json', {'metadata': {'total_size': total}, 'weight_map': dict(sorted(place.items()))})


def llama_model() -> None:
    folder = CASES / 'models' / TEXT[0]
    vocabulary = case_tokenizers.byte_level(folder)
    config = transformers.LlamaConfig(
        vocab_size=vocabulary, hidden_size=128, num_attention_heads=2, num_key_value_heads=1, intermediate_size=96, num_hidden_layers=2, attention_bias=True,
        tie_word_embeddings=True, max_position_embeddings=512, rms_norm_eps=1e-5, rope_theta=10000.0, bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1,
    )
    net = transformers.LlamaForCausalLM(config)
    randomise(net, SEEDS[TEXT[0]])
    net.save_pretrained(folder, safe_serialization=True)


def text_stages(dtype: str) -> str:
    return dump.STAGES if dtype == 'f32' else TEXT_LIGHT


def dump_text(dtype: str, stages: str, out: Path) -> None:
    """transformers' Llama through the hooks of dump.py: plain and hooked run, compared, written."""
    name, prompt, new = TEXT
    folder = CASES / 'models' / name
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    net = transformers.LlamaForCausalLM.from_pretrained(folder, torch_dtype=torch.float32, attn_implementation='eager').eval()
    ids = tokenizer(prompt, return_tensors='pt').input_ids
    T = ids.size(1)

    def run() -> SimpleNamespace:
        more = dict(max_new_tokens=new, do_sample=False, return_dict_in_generate=True, output_logits=True)
        generated = net.generate(ids, attention_mask=torch.ones_like(ids), past_key_values=transformers.DynamicCache(), **more)
        return SimpleNamespace(generated=generated, prefix_cache=None)

    wanted, writer = dump.matcher(stages), dump.GoldenWriter(str(out), dump.DTYPES[dtype])
    try:
        with torch.no_grad(), dump.Widened(net, dump.DTYPES[dtype]):
            plain = run()
            new_ids = plain.generated.sequences[0, T:]
            for key, value in (('input_ids', ids[0]), ('position_ids', torch.arange(T).expand(3, -1)), ('prefix_len', torch.zeros(1, dtype=torch.int64)), ('generated_ids', new_ids)):
                writer.put(key, value)
            keep = lambda stage, make: writer.stage(stage, make()) if wanted(stage) else None
            with dump.Capture(net, modeling_llama, 'apply_rotary_pos_emb', ['text'], keep) as capture:
                hooked = run()
        dump.check_same(plain, hooked)
        writer.stage('step_logits', torch.stack(capture.step_logits))
        if wanted('mask'):
            writer.stage('mask', torch.ones(T, T, dtype=torch.bool).tril())
        response = tokenizer.decode(new_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        writer.finish({
            'format': dump.FORMAT, 'case': name, 'model': name, 'prompt': prompt, 'dtype': dtype, 'attention': 'eager', 'device': 'cpu',
            'max_new_tokens': str(new), 'response': response, **dump.versions(),
        })
    finally:
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--sail', required=True, help='clone of upstream')
    clone = parser.parse_args().sail
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    shutil.rmtree(CASES / 'models', ignore_errors=True)
    images(CASES / 'images')
    for name in SAIL_SIZES:
        sail_model(name)
    llama_model()
    listed = []
    for case, name, image, prompt, new, stages in DUMPS:
        command = [sys.executable, Path(__file__).parent / 'dump.py', '--sail', clone, '--model', CASES / 'models' / name, '--prompt', prompt]
        command += ['--image', CASES / 'images' / image] if image else []
        command += ['--max-new-tokens', new, '--threads', 1, '--f64-stages', stages.get('f64', '')]
        for dtype in stages.keys() - {'f64'}:  # f64 comes along with f32
            out = CASES / f'{case}.{dtype}.safetensors'
            subprocess.run(list(map(str, [*command, '--stages', stages[dtype], '--out', out])), check=True)
        listed.append({'case': case, 'model': name, 'image': image and f'images/{image}', 'prompt': prompt, 'max_new_tokens': new,
                       'files': {d: f'{case}.{d}.safetensors' for d in stages}})
    for dtype in ('f32', 'f64'):
        dump_text(dtype, text_stages(dtype), CASES / f'{TEXT[0]}.{dtype}.safetensors')
    listed.append({'case': TEXT[0], 'model': TEXT[0], 'image': None, 'prompt': TEXT[1], 'max_new_tokens': TEXT[2], 'files': {d: f'{TEXT[0]}.{d}.safetensors' for d in ('f32', 'f64')}})
    models = {name: {'folder': f'models/{name}', 'seed': seed} for name, seed in SEEDS.items()}
    write_json(CASES / 'manifest.json', {'format': 'sail-golden-manifest/1', 'versions': dump.versions(), 'models': models, 'cases': listed})


if __name__ == '__main__':
    main()
