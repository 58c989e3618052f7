#!/usr/bin/env python3
"""What looser tolerances for some fields would save in the limit: the table of docs/performance.md.

usage: validation/tolerance_fields.py [BUILT-TREE]

Builds a copy of the program (or of BUILT-TREE, with its objects) whose tolerances for directions of h, rho, gamma, y, delta are solve.tolerance times the factors
in the variable FACTORS, and solves problems with several of them on the same seeds. Prints processor time over that without factors, the change of the loss curve relative to the loss
(with the noise of both), and the directions of rho, gamma, y. A factor of the root of the batch is the tolerance measured against the whole batch. Five minutes.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINE = "  for (int k = 0; k < BASES; k++) b->basis[k].tolerance = tolerance;"
PATCH = """  double factor[BASES] = {1, 1, 1, 1, 1};
  if (getenv("FACTORS")) sscanf(getenv("FACTORS"), "%lf,%lf,%lf,%lf,%lf", &factor[0], &factor[1], &factor[2], &factor[3], &factor[4]);
  for (int k = 0; k < BASES; k++) b->basis[k].tolerance = tolerance * factor[k];"""
SIZES = ["solve.particles=2000", "output.kernels=false", "output.statistics=false", "output.every_seed=false"]
CASES = {
    "II, MSSP": ["solve.replicas=100"],
    "I, MSSP": ["solve.replicas=100", "model.regime=I"],
    "II, MSSP, top-1/4": ["solve.replicas=50", "model.active_fraction=0.25", "train.lr=0.1"],
    "II, MSSP, 16 samples": ["solve.replicas=20", "data.train=16", "data.dimension=12"],
}
FACTORS = {"ρ, γ, y × 2": "1,2,2,2,1", "ρ, γ, y × 4": "1,4,4,4,1", "ρ, γ, y × 10": "1,10,10,10,1", "y × 10": "1,1,1,10,1", "all × 4": "4,4,4,4,4"}


def build(tree, folder):
    copy = os.path.join(folder, "tree")
    shutil.copytree(tree, copy, ignore=shutil.ignore_patterns(".git", "out"), symlinks=True)
    path = os.path.join(copy, "src/realization/limit.c")
    with open(path) as f:
        text = f.read()
    if LINE not in text:
        sys.exit(f"{path} does not set tolerances as this script knows it")
    with open(path, "w") as f:
        f.write("#include <stdio.h>\n#include <stdlib.h>\n" + text.replace(LINE, PATCH))
    subprocess.run(["make", "-s", "-j2", "build/moedmft"], cwd=copy, check=True)
    return os.path.join(copy, "build/moedmft")


def solve(program, folder, words, factors):
    before, path = resource.getrusage(resource.RUSAGE_CHILDREN), os.path.join(folder, "limit.h5")
    settings = [w for s in SIZES + words for w in ("-s", s)]
    subprocess.run([program, "solve", "-", "-q", "--force", "-t", "1", "-o", path, *settings], check=True, env={**os.environ, "FACTORS": factors})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with h5py.File(path) as f:
        ranks = "/".join(f"{f['diagnostics/rank_' + k][0]:.0f}" for k in ("rho", "gamma", "y") if f"diagnostics/rank_{k}" in f)
        return f["observables/train/loss"][...], f["observables/train/loss_stderr"][...], ranks, after.ru_utime - before.ru_utime


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


def main():
    with tempfile.TemporaryDirectory() as folder:
        program = build(os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ROOT, folder)
        print("| case | factors | time | change of the loss, 1e-4 | noise | directions |\n|---|---|---|---|---|---|")
        for name, words in CASES.items():
            loss, error, ranks, time = solve(program, folder, words, "1,1,1,1,1")
            print(f"| {name} | 1 | 1 | | | {ranks} |", flush=True)
            for label, factors in FACTORS.items():
                l, e, ranks, t = solve(program, folder, words, factors)
                print(f"| {name} | {label} | {t / time:.2f} | {1e4 * rms(l - loss) / rms(loss):.1f} | {1e4 * rms(np.hypot(e, error)) / rms(loss):.1f} | {ranks} |", flush=True)


if __name__ == "__main__":
    main()
