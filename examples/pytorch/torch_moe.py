#!/usr/bin/env python3
"""A small mixture-of-experts transformer in plain PyTorch: rules of the paper's table, one of them got wrong, and the check that finds which.

usage: PYTHONPATH=python MOEDMFT_BIN=build/moedmft /usr/bin/python3 examples/pytorch/torch_moe.py [FILE.h5]

The wrong one is the rate of the experts' output layer: as for a hidden layer of a dense network, where the average over experts asks for M times
as much. Nothing diverges, and the loss falls; at larger widths the experts just stop learning. Exit status 0 where the check finds this tensor, and
nothing once it is mended. Half a minute.
"""
import math
import sys

import torch
from torch import nn

from moedmft import torch as mt

VOCABULARY, CONTEXT, HEAD, NEURONS = 16, 8, 4, 4  # NEURONS: of an expert; there are as many experts as stream neurons (Regime II)
SETTINGS = ("model.regime=II", "model.parameterization=mssp", f"model.expert_width={NEURONS}", "model.depth=1", "model.blocks=[attention,moe]",
            f"model.head_width={HEAD}", f"model.heads_ratio={1 / HEAD}", "model.norm=rms", "model.output=norm", "train.optimizer=sgd", "train.lr=0.3")
NAMES = {"embed.weight": "W_in", "positions": "position", "attention.q.weight": "W_Q", "attention.k.weight": "W_K", "attention.v.weight": "W_V", "attention.o.weight": "W_O",
         "experts.router.weight": "Q", "experts.w1": "W1", "experts.w2": "W2", "head.weight": "w_out"}
WATCH = {"W1": "experts.u", "W2": "experts"}


def rms_norm(h):
    return h / h.square().mean(-1, keepdim=True).add(1e-6).sqrt()


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, h):
        batch, tokens, width = h.shape
        q, k, v = (layer(h).view(batch, tokens, -1, HEAD).transpose(1, 2) for layer in (self.q, self.k, self.v))
        seen = torch.ones(tokens, tokens).tril().bool()
        scores = (q @ k.transpose(-1, -2) / math.sqrt(HEAD)).masked_fill(~seen, -math.inf)
        return self.o((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, tokens, width))


class Experts(nn.Module):
    """All experts at once: the mean over them of sigmoid(router) · W2 tanh(W1 h)."""

    def __init__(self, width):
        super().__init__()
        self.router = nn.Linear(width, width, bias=False)
        self.w1 = nn.Parameter(torch.empty(width, NEURONS, width))
        self.w2 = nn.Parameter(torch.empty(width, width, NEURONS))
        self.u = nn.Identity()  # where the check looks at u = W1 h

    def forward(self, h):
        g = torch.sigmoid(self.router(h))
        u = self.u(torch.einsum("mjn,btn->btmj", self.w1, h))
        return torch.einsum("mnj,btmj->btn", self.w2, g[..., None] * torch.tanh(u)) / g.shape[-1]


class Transformer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, width)
        self.positions = nn.Parameter(torch.empty(CONTEXT, width))
        self.attention, self.experts = Attention(width), Experts(width)
        self.head = nn.Linear(width, VOCABULARY, bias=False)

    def forward(self, tokens):
        h = torch.tanh(self.embed(tokens) + self.positions)
        h = h + self.attention(rms_norm(h))
        h = h + self.experts(rms_norm(h))
        return self.head(rms_norm(h))


def wrong(model, rules):
    """The parameter groups of somebody who takes the experts' W2 for a hidden layer."""
    optimizer = mt.by_rules(NAMES)(model, rules)
    for group in optimizer.param_groups:
        if group["name"] == "W2":
            group["lr"] /= rules["sizes"]["M"]
    return optimizer


def check(setup=None, output=None, widths=(32, 64, 128), seeds=4):
    torch.manual_seed(0)
    tokens = torch.randint(VOCABULARY, (8, CONTEXT + 1))
    batch = (tokens[:, :-1], tokens[:, 1:])
    rules = mt.Rules("-", *SETTINGS, transformer=True)
    loss = lambda f, y: nn.functional.cross_entropy(f.reshape(-1, VOCABULARY), y.reshape(-1))
    return mt.coordinate_check(Transformer, [batch] * 3, loss, rules, NAMES, widths=widths, seeds=seeds, watch=WATCH, setup=setup, output=output)


def main():
    torch.set_num_threads(1)
    for title, setup in (("one rate wrong", wrong), ("by the rules", None)):
        found = check(setup, sys.argv[1] if len(sys.argv) > 1 and setup is None else None)
        print(f"{title}:\n{found}\n")
        culprits = {f.tensor for f in found.deviations if f.part in ("effective", "learned")}
        if culprits != ({"W2"} if setup else set()):
            sys.exit(f"found {culprits or 'nothing'}")


if __name__ == "__main__":
    main()
