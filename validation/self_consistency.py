#!/usr/bin/env python3
"""Scatter of predictions averaged over self-consistency sweeps, against that of the causal pass (docs/theory.md, self-consistency).

usage: validation/self_consistency.py [build/moedmft]

Solves the built-in problem with many seeds and prints, for several numbers of sweeps, the standard deviation over seeds (RMS over
predictions) of the mean over sweeps, of the causal pass, their ratio, what the bound sqrt(3/sweeps) that the program uses, and the standard error
that the file claims. About three minutes.
"""
import subprocess
import sys
import tempfile

import h5py
import numpy as np

SEEDS = 24
SETTINGS = ["solve.particles=1500", "solve.replicas=4", "train.steps=8", "solve.settled=1000"]


def solve(program, folder, sweeps, seed, extra):
    path = f"{folder}/sweeps.h5"
    words = [w for s in SETTINGS + extra for w in ("-s", s)]
    subprocess.run([program, "solve", "-", "-q", "--force", "-o", path, "--sweeps", str(sweeps), "--seed", str(seed)] + words, check=True)
    key = "observables/train/prediction"
    with h5py.File(path) as f:
        return f["sweeps/" + key][...], f[key][...], f["sweeps/" + key + "_stderr"][...]


def rms(x):
    return float(np.sqrt(np.mean(np.square(x))))


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/moedmft"
    print("mixing   sweeps  scatter  causal   ratio  sqrt(3/m)  claimed")
    with tempfile.TemporaryDirectory() as folder:
        for mixing, sweeps in (("average", 4), ("average", 8), ("average", 16), ("damped", 8)):
            runs = [solve(program, folder, sweeps, 100 + s, [f"solve.mixing={mixing}"]) for s in range(SEEDS)]
            swept, causal, claimed = (np.array([r[i] for r in runs]) for i in range(3))
            a, b = rms(swept.std(0, ddof=1)), rms(causal.std(0, ddof=1))
            print(f"{mixing:8} {sweeps:6}  {a:.5f}  {b:.5f}  {a / b:.2f}   {min(1, (3 / sweeps) ** 0.5):.2f}       {rms(claimed):.5f}", flush=True)


if __name__ == "__main__":
    main()
