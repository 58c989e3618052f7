#!/usr/bin/env python3
"""Bias of the limit's predictions by solve.tolerance: the table of docs/guide.md, and the numbers behind src/run/sizes.c.

usage: validation/tolerance.py [build/moedmft]

Solves several problems with tolerances up to 1 and with a small one, on the same particles and seeds, and prints the largest RMS
difference of train predictions over all steps, in percent of their largest RMS; in brackets its noise (standard errors of both
combined). The small tolerance is 0.003; for images 0.03. About six minutes.
"""
import subprocess
import sys
import tempfile

import h5py
import numpy as np

TOLERANCES = [0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1]
COSINE = ["-", "solve.particles=8000", "solve.replicas=8", "solve.precision=double"]
RELU = ["model.activation=relu", "model.expert_activation=relu"]
CASES = {  # name: input, settings; the last column, where there is one: its small tolerance
    "II, MSSP": COSINE,
    "II, μP": COSINE + ["model.parameterization=mup"],
    "II, MSSP, relu": COSINE + RELU,
    "II, MSSP, top-1/4": COSINE + ["model.active_fraction=0.25"],
    "I, MSSP": COSINE + ["model.regime=I"],
    "III, MSSP": COSINE + ["model.regime=III"],
    "II, MSSP, Adam": COSINE + ["train.optimizer=adam", "train.lr=0.05", "train.adam.eps=0.1", "solve.particles=4000"],
    "100 images": ["examples/fashion.yaml", "data.train=100", "data.test=0", "train.steps=24", "solve.replicas=4"],
    "minibatches": ["examples/minibatch.yaml", "data.train=320", "data.test=0", "train.batch=16", "train.steps=19"],
}
SMALL = {"100 images": 0.03, "minibatches": 0.03}


def solve(program, folder, words, tolerance):
    path = f"{folder}/limit.h5"
    settings = [w for s in words[1:] + ["output.kernels=false", f"solve.tolerance={tolerance}"] for w in ("-s", s)]
    subprocess.run([program, "solve", words[0], "-q", "--force", "-o", path] + settings, check=True)
    key = "observables/train/prediction"
    with h5py.File(path) as f:
        return f[key][...], f[key + "_stderr"][...]


def rms(x):
    return np.sqrt(np.mean(np.square(x), axis=(1, 2)))  # of every step


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/moedmft"
    print("| largest error of predictions, percent | " + " | ".join(f"{t:g}" for t in TOLERANCES) + " |")
    print("|---|" + "---|" * len(TOLERANCES))
    with tempfile.TemporaryDirectory() as folder:
        for name, words in CASES.items():
            f, error = solve(program, folder, words, SMALL.get(name, 0.003))
            row = []
            for t in TOLERANCES:
                if t <= SMALL.get(name, 0):
                    row.append("")
                    continue
                g, more = solve(program, folder, words, t)
                bias, noise, size = rms(f - g), rms(np.hypot(error, more)), rms(f).max()
                at = bias.argmax()
                row.append(f"{100 * bias[at] / size:.2g} ({100 * noise[at] / size:.1g})")
            print(f"| {name} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
