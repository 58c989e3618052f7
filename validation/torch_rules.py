#!/usr/bin/env python3
"""Rules of every published parameterization, put into plain PyTorch, and the coordinate check of what comes out: the table of docs/pytorch.md.

usage: PYTHONPATH=python MOEDMFT_BIN=build/moedmft /usr/bin/python3 validation/torch_rules.py

A block of experts without attention, 24 steps of SGD or Adam on four samples, N = 32, 64, 128, eight seeds. Columns: parts with a prediction, how
many of them deviate, and how many do when one tensor's rate is off by one power of N, for each tensor in turn. Exit status 1 where rules deviate, or where
a wrong rate is not seen in its own tensor. Two minutes.
"""
import sys

import torch
from torch import nn

from moedmft import torch as mt

ALL = {"I": ("mup", "mssp", "mcb", "mcb_table", "simplep"), "II": ("mup", "mssp"), "III": ("mup", "mssp", "jbph", "jbph_eps")}
SIZES = {"I": (lambda n: 4, lambda n: n), "II": (lambda n: n, lambda n: 3), "III": (lambda n: n // 2, lambda n: n // 2)}  # experts, neurons of each
OPTIONS = {"I": ("model.experts=4",), "II": ("model.expert_width=3",), "III": ("model.experts_ratio=0.5", "model.expert_width_ratio=0.5")}
NAMES = {"embed.weight": "W_in", "router.weight": "Q", "w1": "W1", "w2": "W2", "head.weight": "w_out"}
WIDTHS, SEEDS, STEPS = (32, 64, 128), 8, 24
RATES = {"sgd": 0.5, "adam": 0.05}


class MoE(nn.Module):
    def __init__(self, width, experts, neurons):
        super().__init__()
        self.embed, self.router, self.head = nn.Linear(6, width, bias=False), nn.Linear(width, experts, bias=False), nn.Linear(width, 1, bias=False)
        self.w1, self.w2 = nn.Parameter(torch.empty(experts, neurons, width)), nn.Parameter(torch.empty(experts, width, neurons))
        self.u, self.a = nn.Identity(), nn.Identity()

    def forward(self, x):
        h = torch.tanh(self.embed(x))
        g, u = torch.sigmoid(self.router(h)), self.u(torch.einsum("mjn,bn->bmj", self.w1, h))
        return self.head(self.a(torch.einsum("mnj,bmj->bn", self.w2, g[..., None] * torch.tanh(u)) / g.shape[-1]))


def spoiled(tensor):
    """The optimizer of somebody whose rate of a tensor is too small by a power of the width."""

    def setup(model, rules):
        optimizer = mt.by_rules(NAMES)(model, rules)
        for group in optimizer.param_groups:
            if group["name"] == tensor:
                group["lr"] *= WIDTHS[0] / rules["sizes"]["N"]
        return optimizer

    return setup


def check(regime, parameterization, optimizer, setup=None):
    rules = mt.Rules("-", f"model.regime={regime}", f"model.parameterization={parameterization}", f"train.optimizer={optimizer}", f"train.lr={RATES[optimizer]}", *OPTIONS[regime])
    torch.manual_seed(0)
    batch = (torch.randn(4, 6), torch.tensor([[1.0], [-1.0], [-1.0], [1.0]]))
    experts, neurons = SIZES[regime]
    return mt.coordinate_check(lambda n: MoE(n, experts(n), neurons(n)), [batch] * STEPS, lambda f, y: 0.5 * (f - y).square().mean(), rules, NAMES, widths=WIDTHS,
                               seeds=SEEDS, watch={"W1": "u", "W2": "a"}, setup=setup)


def main():
    torch.set_num_threads(1)
    failed = False
    print("| regime | parameterization | optimizer | parts predicted | deviate | wrong rate seen in its tensor |\n|---|---|---|---|---|---|")
    for regime, names in ALL.items():
        for name in names:
            for optimizer in RATES:
                found = check(regime, name, optimizer)
                seen = [t for t in NAMES.values() if any(f.tensor == t and f.part in ("effective", "learned") for f in check(regime, name, optimizer, spoiled(t)).deviations)]
                predicted = sum(f.agrees is not None for f in found.table)
                deviations = "; ".join(f"{f.tensor} {f.part}: {f.exponent:.2f} ± {f.error:.2f}, predicted {f.predicted:g}" for f in found.deviations)
                missed = [t for t in NAMES.values() if t not in seen] if predicted else []
                print(f"| {regime} | {name} | {optimizer} | {predicted} | {deviations or 0} | {'–' if not predicted else 'all' if not missed else 'all but ' + ', '.join(missed)} |", flush=True)
                failed |= bool(deviations or missed)
    sys.exit(failed)


if __name__ == "__main__":
    main()
