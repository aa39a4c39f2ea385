"""A small Mistral-style tokenizer: BPE without pre-tokenizer, " " written as "▁", bytes for all that is unknown.

Ids: `<unk> <s> </s>`, 256 bytes, merged pieces, single characters, then the image tokens, as in Mistral-7B-v0.1 with SAIL's tokens.
The merges are learnt here from a list of words, until each is one piece, so that a question costs one token a word.
"""
import json
from collections import Counter
from pathlib import Path

IMAGE_TOKENS = ['<vision>', '<vpatch>', '<vrow_sep>', '<vframe_sep>', '</vision>'] + [f'<loc_{i}>' for i in range(16)] + ['<|vis_cls|>']
COMMON = 'in on and it an or not you that what which how where many one two three with for can see picture show color there here'.split()


def learn_merges(words):
    """Byte-pair merges, most frequent first (earlier words weigh more), until every word with its "▁" is one piece."""
    split = {('▁', *word): len(words) - i + 10 for i, word in enumerate(words)}
    merges = []
    while any(len(pieces) > 1 for pieces in split):
        pairs = Counter()
        for pieces, weight in split.items():
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += weight
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        split = {join(pieces, best): weight for pieces, weight in split.items()}
    return merges


def join(pieces, pair):
    out = []
    for piece in pieces:
        if out and (out[-1], piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return tuple(out)


def token(content, **more):
    return {**more, 'content': content, 'single_word': False, 'lstrip': False, 'rstrip': False, 'normalized': False}


def write(folder, words):
    """tokenizer.json, tokenizer_config.json, special_tokens_map.json. -> size of the vocabulary"""
    merges = learn_merges(list(dict.fromkeys(list(words) + COMMON)))
    pieces = ['<unk>', '<s>', '</s>'] + [f'<0x{b:02X}>' for b in range(256)] + [a + b for a, b in merges]
    pieces += ['▁'] + [chr(c) for c in range(33, 127)]
    if len(set(pieces)) != len(pieces):
        raise ValueError('two merges give the same piece')
    names = pieces[:3] + IMAGE_TOKENS
    ids = [0, 1, 2] + [len(pieces) + i for i in range(len(IMAGE_TOKENS))]
    bos = {'<s>': {'id': '<s>', 'ids': [1], 'tokens': ['<s>']}}
    part = lambda name, type_id: [{'SpecialToken': {'id': '<s>', 'type_id': type_id}}, {'Sequence': {'id': name, 'type_id': type_id}}]
    tokenizer = {
        'version': '1.0', 'truncation': None, 'padding': None,
        'added_tokens': [{'id': i, **token(name), 'special': True} for i, name in zip(ids, names)],
        'normalizer': {'type': 'Sequence', 'normalizers': [{'type': 'Prepend', 'prepend': '▁'}, {'type': 'Replace', 'pattern': {'String': ' '}, 'content': '▁'}]},
        'pre_tokenizer': None,
        'post_processor': {'type': 'TemplateProcessing', 'single': part('A', 0), 'pair': part('A', 0) + part('B', 1), 'special_tokens': bos},
        'decoder': {'type': 'Sequence', 'decoders': [{'type': 'Replace', 'pattern': {'String': '▁'}, 'content': ' '}, {'type': 'ByteFallback'}, {'type': 'Fuse'}, {'type': 'Strip', 'content': ' ', 'start': 1, 'stop': 0}]},
        'model': {'type': 'BPE', 'dropout': None, 'unk_token': '<unk>', 'continuing_subword_prefix': None, 'end_of_word_suffix': None, 'fuse_unk': True,
                  'byte_fallback': True, 'ignore_merges': False, 'vocab': {p: i for i, p in enumerate(pieces)}, 'merges': [f'{a} {b}' for a, b in merges]},
    }
    config = {
        'add_bos_token': True, 'add_eos_token': False, 'add_prefix_space': None,
        'added_tokens_decoder': {str(i): {**token(name), 'special': True} for i, name in zip(ids, names)},
        'additional_special_tokens': IMAGE_TOKENS, 'bos_token': '<s>', 'eos_token': '</s>', 'unk_token': '<unk>', 'pad_token': None,
        'clean_up_tokenization_spaces': False, 'legacy': True, 'model_max_length': 32768, 'sp_model_kwargs': {}, 'spaces_between_special_tokens': False,
        'tokenizer_class': 'LlamaTokenizer', 'use_default_system_prompt': False,
    }
    special = {'additional_special_tokens': [token(name) for name in IMAGE_TOKENS], **{f'{k}_token': token(v) for k, v in (('bos', '<s>'), ('eos', '</s>'), ('unk', '<unk>'))}}
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, value in (('tokenizer', tokenizer), ('tokenizer_config', config), ('special_tokens_map', special)):
        (Path(folder) / f'{name}.json').write_text(json.dumps(value, indent=1, ensure_ascii=False) + '\n')
    return len(pieces) + len(IMAGE_TOKENS)
