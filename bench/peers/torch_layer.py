"""One decoder layer of a 7B in PyTorch on the CPU, f32 and bf16 in turns: SDPA, grouped heads repeated as Hugging Face does.

  python torch_layer.py --threads 2 --tokens 256,1024 --context 1024 --runs 5       prints JSON: seconds of each run
"""
import argparse
import json
import time
import torch
import torch.nn.functional as F

D, FF, H, G, E = 4096, 14336, 32, 8, 128


class Layer:
    def __init__(self, dtype):
        gen = torch.Generator().manual_seed(1)
        w = lambda *shape: (torch.randn(*shape, generator=gen) * 0.02).to(dtype)
        self.q, self.k, self.v, self.o = w(H * E, D), w(G * E, D), w(G * E, D), w(D, H * E)
        self.gate, self.up, self.down = w(FF, D), w(FF, D), w(D, FF)
        self.n1, self.n2 = torch.ones(D, dtype=dtype), torch.ones(D, dtype=dtype)
        self.dtype = dtype

    def norm(self, x, weight):
        y = x.float()
        return weight * (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-5)).to(self.dtype)

    def rope(self, x, cos, sin):
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat((-b, a), -1) * sin

    def __call__(self, x, cos, sin, past):
        S = x.shape[0]
        n = self.norm(x, self.n1)
        q = self.rope(F.linear(n, self.q).view(S, H, E).transpose(0, 1), cos, sin)
        k = self.rope(F.linear(n, self.k).view(S, G, E).transpose(0, 1), cos, sin)
        v = F.linear(n, self.v).view(S, G, E).transpose(0, 1)
        if past is not None:
            k, v = torch.cat((past[0], k), 1), torch.cat((past[1], v), 1)
        k2, v2 = k.repeat_interleave(H // G, 0), v.repeat_interleave(H // G, 0)
        a = F.scaled_dot_product_attention(q[None], k2[None], v2[None])[0]
        x = x + F.linear(a.transpose(0, 1).reshape(S, H * E), self.o)
        n = self.norm(x, self.n2)
        return x + F.linear(F.silu(F.linear(n, self.gate)) * F.linear(n, self.up), self.down)


def main():
    parser = argparse.ArgumentParser()
    for name, default in [("threads", "2"), ("tokens", "256,1024"), ("context", "1024"), ("runs", "5")]:
        parser.add_argument(f"--{name}", default=default)
    a = parser.parse_args()
    torch.set_num_threads(int(a.threads))
    context, runs = int(a.context), int(a.runs)
    layers = {"f32": Layer(torch.float32), "bf16": Layer(torch.bfloat16)}
    result = {"torch": torch.__version__, "threads": int(a.threads), "prefix": {}, "decode": {}}

    def timed(name, x, past):
        layer = layers[name]
        angles = torch.rand(x.shape[0], E)
        cos, sin = angles.cos().to(layer.dtype), angles.sin().to(layer.dtype)
        start = time.perf_counter()
        out = layer(x.to(layer.dtype), cos, sin, past)
        seconds = time.perf_counter() - start
        assert torch.isfinite(out).all()
        return seconds

    with torch.inference_mode():
        for tokens in map(int, a.tokens.split(",")):
            times = {"f32": [], "bf16": []}
            for n in range(-1, runs):
                for name in layers:
                    seconds = timed(name, torch.randn(tokens, D), None)
                    if n >= 0:
                        times[name].append(seconds)
            result["prefix"][tokens] = times
        times = {"f32": [], "bf16": []}
        pasts = {name: [torch.randn(G, context, E).to(layer.dtype) for _ in "kv"] for name, layer in layers.items()}
        for n in range(-3, max(runs, 9)):
            for name in layers:
                seconds = timed(name, torch.randn(1, D), pasts[name])
                if n >= 0:
                    times[name].append(seconds)
        result["decode"] = times
    print(json.dumps(result))


main()
