#!/usr/bin/env python3
"""Seconds of CPU time of a step of the network of one attention block in PyTorch, one thread, as one would write it by hand: q, k, v by one product,
scaled-dot-product attention (fused where PyTorch has it), SGD in place.   attention_torch.py N H DK T B D STEPS

The same step as `floor attention` and the rows of bench.py: RMS norms before block and readout, residual sum, causal heads, squared error."""
import sys
import time

import torch

try:
    from torch.nn.functional import scaled_dot_product_attention
except ImportError:  # before PyTorch 2
    def scaled_dot_product_attention(q, k, v, is_causal):
        T, d = q.shape[-2:]
        hidden = torch.ones(T, T, dtype=torch.bool).triu(1)
        return torch.softmax((q * d**-0.5 @ k.transpose(-1, -2)).masked_fill_(hidden, -float("inf")), -1) @ v


def norm(h):
    return h * torch.rsqrt((h * h).mean(-1, keepdim=True) + 1e-6)


def main():
    N, H, d, T, B, D, steps = map(int, sys.argv[1:])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    x, y = torch.randn(B, D), torch.randn(B, 1)
    weights = [torch.randn(*shape, requires_grad=True) for shape in ((D, N), (N, 3 * H * d), (H * d, N), (N, 1))]
    with torch.no_grad():
        for w in weights:
            w /= w.shape[0] ** 0.5

    def step():
        w_in, qkv, out, readout = weights
        h = x @ w_in
        q, k, v = (norm(h) @ qkv).view(B // T, T, 3, H, d).permute(2, 0, 3, 1, 4)
        o = scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, H * d)
        f = norm(h + o @ out) @ readout
        ((f - y) ** 2).mean().backward()
        with torch.no_grad():
            for w in weights:
                w -= 1e-3 * w.grad
                w.grad = None

    best = float("inf")
    step()
    for _ in range(3):
        begin = time.process_time()
        for _ in range(steps):
            step()
        best = min(best, (time.process_time() - begin) / steps)
    print(f"{best:.6g}")


if __name__ == "__main__":
    main()
