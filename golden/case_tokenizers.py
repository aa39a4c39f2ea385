"""Two small tokenizers for the random models of `cases/`: what SAIL checkpoints have, and what Llama's descendants have.

mistral: BPE over whole text, " " written as "▁", bytes for what is unknown; ids `<unk> <s> </s>`, 256 bytes, pieces, image tokens.
byte_level: BPE over words of printable stand-ins for bytes, digits apart; the post-processor puts <|begin|> in front.
Both are built from fixed lists, so they come out the same on every machine.
"""
import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

IMAGE_TOKENS = ['<vision>', '<vpatch>', '<vrow_sep>', '<vframe_sep>', '</vision>', '<loc_0>', '<loc_1>', '<|vis_cls|>']


def mistral(folder: Path, prepend: bool) -> int:
    """`prepend`: the text gets a "▁" in front, and decoding takes it off. -> V"""
    words = ['▁a', 'he', '▁the', 'in', 'on', 're', '▁what', '▁is', '[INST]', '▁[/INST]']
    merges = list(dict.fromkeys((word[:i], word[i]) for word in words for i in range(1, len(word))))
    pieces = ['<unk>', '<s>', '</s>'] + [f'<0x{b:02X}>' for b in range(256)] + [a + b for a, b in merges]
    pieces += ['▁'] + list('aehinorstw[]INST/?')
    tokenizer = Tokenizer(models.BPE({p: i for i, p in enumerate(pieces)}, merges, unk_token='<unk>', fuse_unk=True, byte_fallback=True))
    space = normalizers.Replace(' ', '▁')
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend('▁'), space] if prepend else [space])
    steps = [decoders.Replace('▁', ' '), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(steps + ([decoders.Strip(' ', 1, 0)] if prepend else []))
    tokenizer.post_processor = processors.TemplateProcessing('<s> $A', special_tokens=[('<s>', 1)])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in pieces[:3] + IMAGE_TOKENS])
    return write(folder, tokenizer, {'bos_token': '<s>', 'eos_token': '</s>', 'unk_token': '<unk>'})


def byte_level(folder: Path) -> int:
    """-> V"""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [('Ġ', 't'), ('h', 'e'), ('Ġ', 'a'), ('i', 'n'), ('r', 'e'), ('Ġt', 'he'), ('o', 'n'), ('Ġ', 's'), ('in', 'g'), ('Ġ', 'o'), ('Ġo', 'f'), ('Ã', '©')]
    pieces = alphabet + [a + b for a, b in merges]
    tokenizer = Tokenizer(models.BPE({p: i for i, p in enumerate(pieces)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in ('<|begin|>', '<|end|>')])
    tokenizer.post_processor = processors.TemplateProcessing('<|begin|> $A', special_tokens=[('<|begin|>', len(pieces))])
    return write(folder, tokenizer, {'bos_token': '<|begin|>', 'eos_token': '<|end|>'})


def write(folder: Path, tokenizer: Tokenizer, special: dict[str, str]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / 'tokenizer.json'), pretty=False)
    config = {'tokenizer_class': 'PreTrainedTokenizerFast', 'clean_up_tokenization_spaces': False, 'model_max_length': 4096, **special}
    (folder / 'tokenizer_config.json').write_text(json.dumps(config, indent=1) + '\n')
    return tokenizer.get_vocab_size()
