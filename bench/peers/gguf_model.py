"""A random Llama-architecture GGUF in the shape of a 7B, for llama.cpp and wllama: random q4_0 or q8_0 blocks with small scales.

  python gguf_model.py --out FILE --type q4_0|q8_0 [--layers 32] [--hidden 4096] [--feed-forward 14336] [--heads 32]
                       [--kv-heads 8] [--vocab 33030]

Tensors are written one by one, so a 7B needs no more memory than its largest matrix. As llama.cpp's own quantiser does, the
output matrix is q6_K in q4_0 files and q8_0 in q8_0 files, and the embeddings are of the file's type.
"""
import argparse
import numpy as np
import gguf

BLOCK = {"q4_0": (32, 18), "q8_0": (32, 34), "q6_K": (256, 210)}


def random_blocks(rng, kind, rows, cols):
    """Bytes of a (rows, cols) matrix: each block with a scale of about 0.02 / 4 and random values."""
    size, width = BLOCK[kind]
    blocks = rng.integers(0, 256, (rows * cols // size, width), dtype=np.uint8)
    scale = np.frombuffer(np.float16(0.004 if kind == "q4_0" else 0.0003).tobytes(), np.uint8)
    at = width - 2 if kind == "q6_K" else 0
    blocks[:, at : at + 2] = scale
    if kind == "q6_K":
        blocks[:, 192:208] = rng.integers(1, 16, (len(blocks), 16), dtype=np.uint8)
    return blocks.reshape(rows, -1)


def shapes(a):
    kv = a.hidden // a.heads * a.kv_heads
    head = "q6_K" if a.type == "q4_0" else "q8_0"
    yield "token_embd.weight", (a.vocab, a.hidden), a.type
    for i in range(a.layers):
        layer = f"blk.{i}."
        yield layer + "attn_norm.weight", (a.hidden,), None
        yield layer + "attn_q.weight", (a.hidden, a.hidden), a.type
        yield layer + "attn_k.weight", (kv, a.hidden), a.type
        yield layer + "attn_v.weight", (kv, a.hidden), a.type
        yield layer + "attn_output.weight", (a.hidden, a.hidden), a.type
        yield layer + "ffn_norm.weight", (a.hidden,), None
        yield layer + "ffn_gate.weight", (a.feed_forward, a.hidden), a.type
        yield layer + "ffn_up.weight", (a.feed_forward, a.hidden), a.type
        yield layer + "ffn_down.weight", (a.hidden, a.feed_forward), a.type
    yield "output_norm.weight", (a.hidden,), None
    yield "output.weight", (a.vocab, a.hidden), head


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--type", choices=["q4_0", "q8_0"], required=True)
    for name, default in [("layers", 32), ("hidden", 4096), ("feed-forward", 14336), ("heads", 32), ("kv-heads", 8), ("vocab", 33030)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    a = parser.parse_args()
    writer = gguf.GGUFWriter(a.out, "llama")
    writer.add_context_length(32768)
    writer.add_embedding_length(a.hidden)
    writer.add_block_count(a.layers)
    writer.add_feed_forward_length(a.feed_forward)
    writer.add_head_count(a.heads)
    writer.add_head_count_kv(a.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(a.hidden // a.heads)
    writer.add_vocab_size(a.vocab)
    writer.add_tokenizer_model("llama")
    writer.add_add_space_prefix(False)  # the vocabulary has words only: t0, t1, ..
    tokens = ["<unk>", "<s>", "</s>"] + [f"t{i}" for i in range(a.vocab - 3)]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * (a.vocab - 3)
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * a.vocab)
    writer.add_token_types(kinds)
    quant = {name: getattr(gguf.GGMLQuantizationType, name.upper() if name != "q6_K" else "Q6_K") for name in BLOCK}
    tensors = list(shapes(a))
    for name, shape, kind in tensors:
        if kind is None:
            writer.add_tensor_info(name, shape, np.dtype(np.float32), shape[0] * 4)
        else:
            size, width = BLOCK[kind]
            rows, cols = shape
            stored = (rows, cols // size * width)
            writer.add_tensor_info(name, stored, np.dtype(np.uint8), rows * stored[1], raw_dtype=quant[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    rng = np.random.default_rng(1)
    for _, shape, kind in tensors:
        data = np.ones(shape, np.float32) if kind is None else random_blocks(rng, kind, *shape)
        writer.write_tensor_data(data)
    writer.close()


main()
