#!/usr/bin/env python3
"""Sizes that solve.accuracy chooses: the error that they reach, their bias, and what they cost beside the usual sizes; the table of
docs/engineering.md.

usage: validation/accuracy.py [build/moedmft] [ACCURACY [NAME ...]]

Each case is solved at ACCURACY (3e-3) with four seeds: the error reached over the one wanted (root mean square, largest), processor time. Bias: MANY times the replicas
of the chosen sizes against LARGER times the particles, experts and neurons, relative to the error wanted; its noise beside it.
Twelve minutes of processor time.
"""
import resource
import subprocess
import sys
import tempfile

import h5py
import numpy as np

MANY, LARGER, SEEDS = 60, 3, (1, 2, 3, 4)
TOP = ["model.active_fraction=0.25", "train.lr=0.1"]
ADAM = ["train.optimizer=adam", "train.lr=0.05", "train.steps=12"]
CASES = {
    "I, MSSP": ["model.regime=I"],
    "II, MSSP": [],
    "II, μP": ["model.parameterization=mup"],
    "III, MSSP": ["model.regime=III"],
    "III, μP": ["model.regime=III", "model.parameterization=mup"],
    "I, MSSP, top-1/4": ["model.regime=I", "model.router_bias_std=0.5", *TOP],
    "II, MSSP, top-1/4": TOP,
    "III, MSSP, top-1/4": ["model.regime=III", *TOP],
    "II, MSSP, Adam": ADAM,
    "III, MSSP, Adam": ["model.regime=III", *ADAM],
    "II, MSSP, relu": ["model.activation=relu", "model.expert_activation=relu", "train.lr=0.2"],
    "I, MSSP, two blocks": ["model.regime=I", "model.depth=2", "train.steps=12"],
}
KEYS = ("particles", "expert_particles", "neuron_particles", "replicas")


def seconds():
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def solve(program, folder, words):
    path, before = f"{folder}/limit.h5", seconds()
    settings = [w for s in ["output.kernels=false", "output.statistics=false", "output.every_seed=false", *words] for w in ("-s", s)]
    subprocess.run([program, "solve", "-", "-q", "--force", "-t", "1", "-o", path, *settings], check=True)
    with h5py.File(path) as f:
        loss = f["observables/train/loss"]
        sizes = {k: int(f.attrs[f"config:solve.{k}"]) for k in KEYS}
        return loss[...], f["observables/train/loss_stderr"][...], sizes, seconds() - before


def rms(x):
    return float(np.sqrt(np.mean(np.square(x))))


def given(sizes, larger, replicas):
    words = [f"solve.{k}={larger * sizes[k]}" for k in KEYS[:3] if sizes[k]]
    return [*words, f"solve.replicas={replicas}"]


def bias(program, folder, words, sizes):
    """Relative bias of the loss, and its noise."""
    few, noise, _, _ = solve(program, folder, [*words, *given(sizes, 1, MANY * sizes["replicas"]), "seed=11"])
    many, more, _, _ = solve(program, folder, [*words, *given(sizes, LARGER, -(-MANY * sizes["replicas"] // LARGER)), "seed=12"])
    both = rms(np.hypot(noise, more))
    return np.sqrt(max(0, rms(few - many) ** 2 - both ** 2)) / rms(many), both / rms(many)


def row(program, folder, name, words, accuracy):
    runs = [solve(program, folder, [*words, f"solve.accuracy={accuracy}", f"seed={s}"]) for s in SEEDS]
    ratio = [rms(error) / rms(loss) / accuracy for loss, error, _, _ in runs]
    time, sizes = sum(r[3] for r in runs) / len(runs), runs[0][2]
    off, noise = bias(program, folder, words, sizes)
    chosen = " | ".join(str(sizes[k] or "") for k in KEYS)
    return f"| {name} | {chosen} | {rms(ratio):.2f} | {max(ratio):.2f} | {off / accuracy:.2f} ± {noise / accuracy:.2f} | {time:.2f} |"


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/moedmft"
    accuracy = float(sys.argv[2]) if len(sys.argv) > 2 else 3e-3
    print("| case | particles | experts | neurons | replicas | error / wanted | largest | bias / wanted | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[3:] or CASES:
            print(row(program, folder, name, CASES[name], accuracy), flush=True)


if __name__ == "__main__":
    main()
