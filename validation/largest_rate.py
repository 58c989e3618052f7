#!/usr/bin/env python3
"""The largest learning rate at which training does not diverge, against the active fraction kappa = K/M: docs/faq.md, Training diverged.

    validation/largest_rate.py [PROGRAM]

Bisects train.lr (SGD, the built-in problem, 24 steps) to 3 %, for the limit and for networks of N = 128; both have diverged when one
of 2 replicas or 4 seeds has.
"""
import subprocess
import sys
import tempfile

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/moedmft"
KAPPAS = (1, 0.25, 0.03125)
CASES = {"MSSP": [], "μP": ["model.parameterization=mup"], "MSSP, relu experts": ["model.expert_activation=relu"]}
COMMON = ["output.kernels=false", "output.statistics=false", "solve.particles=4000", "solve.replicas=2", "simulate.widths=128", "simulate.seeds=4"]
DIVERGED = 6  # exit status


def diverges(folder, command, settings):
    words = [w for s in COMMON + settings for w in ("-s", s)]
    done = subprocess.run([PROGRAM, command, "-", "-q", "--force", "-o", f"{folder}/rate.h5", *words], stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, DIVERGED):
        sys.exit(done.stderr)
    return done.returncode == DIVERGED


def largest_rate(folder, command, settings, low=1e-3, high=100.0):
    while high > 1.03 * low:
        middle = (low * high) ** 0.5
        if diverges(folder, command, [*settings, f"train.lr={middle:.6g}"]):
            high = middle
        else:
            low = middle
    return low


with tempfile.TemporaryDirectory() as scratch:
    print("| largest rate: limit, N = 128 | " + " | ".join(f"κ = {k:g}" for k in KAPPAS) + " |\n|---|" + "---|" * len(KAPPAS))
    for name, case in CASES.items():
        cells = []
        for kappa in KAPPAS:
            rates = [largest_rate(scratch, command, [*case, f"model.active_fraction={kappa}"]) for command in ("solve", "simulate")]
            cells.append(", ".join(f"{rate:.2g}" for rate in rates))
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
