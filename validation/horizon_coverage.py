#!/usr/bin/env python3
"""How often the standard errors of the limit from networks hold the truth.

    validation/horizon_coverage.py [--repeats N] [--only WORD]

A short case is solved from networks again and again, with other seeds; the truth is the limit from particles, at a standard error that is small beside. Counted are
repeats whose loss is within two standard errors (Student's t with the degrees of freedom of the families: exceeded as rarely as by normal numbers), after the last step and at a
quarter, half and three quarters of the curve, and the RMS deviation in standard errors. Of 40 repeats 0.95 have a standard error of 0.035. Exit status 1 where fewer than 0.95 - 3 x 0.035
are held. A minute of one processor.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
STUDENT = {10: 2.32, 16: 2.18, 20: 2.14, 30: 2.09}  # families: two-sided 0.9545
FAMILIES = 20
TRUTH = ["solve.particles=8000", "solve.replicas=60"]
BUILT_IN = ["train.steps=16"]
CLASSES = ["train.steps=16", "model.regime=I", "model.expert_width_ratio=0.5", "train.loss=cross_entropy"]
BATCHES = ["model.parameterization=mup", "data.train=48", "train.batch=3", "train.steps=15"]
CASES = {  # options; widths; sizes of the truth
    "built-in": (BUILT_IN, "[16, 32, 64]", TRUTH),
    "built-in, wider": (BUILT_IN, "[32, 64, 128]", TRUTH),
    "built-in, fitted": (BUILT_IN, "[8, 16, 32, 64]", TRUTH),
    "built-in, fitted, wider": (BUILT_IN, "[16, 32, 64, 128]", TRUTH),
    "built-in, five": (BUILT_IN, "[4, 8, 16, 32, 64]", TRUTH),
    "built-in, small": (BUILT_IN, "[8, 16, 32]", TRUTH),
    "built-in, usual": (BUILT_IN, "[8, 16, 128]", TRUTH),
    "built-in, gap, small": (BUILT_IN, "[4, 8, 64]", TRUTH),
    "built-in, gap of 4": (BUILT_IN, "[8, 16, 64]", TRUTH),
    "I, cross-entropy": (CLASSES, "[16, 32, 64]", TRUTH),
    "I, cross-entropy, fitted": (CLASSES, "[8, 16, 32, 64]", TRUTH),
    "I, cross-entropy, usual": (CLASSES, "[8, 16, 128]", TRUTH),
    "μP, minibatches, fitted": (BATCHES, "[8, 16, 32, 64]", TRUTH),
    "μP, minibatches": (BATCHES, "[16, 32, 64]", TRUTH),
    "μP, minibatches, usual": (BATCHES, "[8, 16, 128]", TRUTH),
    "top-1/4, usual": (BUILT_IN + ["model.active_fraction=0.25", "train.lr=0.1"], "[8, 16, 128]", TRUTH),
    "sign descent, usual": (BUILT_IN + ["train.optimizer=sign", "train.lr=0.02"], "[8, 16, 64, 256]", TRUTH),
}
COMMON = ["output.kernels=false", "output.statistics=false", "output.every_seed=false"]


def solve(path, words):
    subprocess.run([PROGRAM, "solve", "-", "-q", "--force", "-t", "1", "-o", path] + [a for w in words for a in ("-s", w)], check=True)
    with h5py.File(path) as f:
        return f["observables/train/loss"][...], f["observables/train/loss_stderr"][...]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    bad = 0
    print("| case | widths | at 1/4 | 1/2 | 3/4 | last step | RMS deviation there | error / loss |\n|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, (words, widths, sizes) in CASES.items():
            if options.only not in name:
                continue
            truth, known = solve(f"{folder}/t.h5", COMMON + words + sizes + ["solve.tolerance=0.003", "seed=1000001"])
            at = [len(truth) // 4, len(truth) // 2, 3 * len(truth) // 4, len(truth) - 1]
            z = []
            for r in range(options.repeats):
                loss, error = solve(f"{folder}/a.h5", COMMON + words + ["solve.method=networks", f"solve.widths={widths}", f"solve.replicas={FAMILIES}", f"seed={r + 1}"])
                z.append([(loss[t] - truth[t]) / np.hypot(error[t], known[t]) for t in at])
            z = np.abs(np.array(z))
            held = (z < STUDENT[FAMILIES]).mean(0)
            bad |= held.min() < 0.95 - 3 * np.sqrt(0.95 * 0.05 / options.repeats)
            print(f"| {name} | {widths} | " + " | ".join(f"{h:.2f}" for h in held) + f" | {np.sqrt((z[:, -1] ** 2).mean()):.2f} | {error[-1] / loss[-1]:.2g} |", flush=True)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
