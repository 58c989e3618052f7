#!/usr/bin/env python3
"""Both ways to the limit, particles and networks, where both work: do they agree within their errors?

    validation/horizon_agreement.py [--only WORD] [--families N] [--write]

Each case is solved by solve.method: particles and by networks. Of the loss curve and of the predictions: the distance in combined standard errors, root mean
square over steps (and samples, outputs), its largest value, and the relative standard error of the networks' loss (root mean square over steps). Entries of a curve are
correlated: its root mean square scatters about 1, and two in a hundred are beyond 2.3 by chance. A case fails beyond 3. With --write the table goes to docs/validation-horizon.md. Exit
status 1 when a case fails. Three minutes of one processor.
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
FASHION = os.path.join(ROOT, "data", "fashion")
HALF = ["model.experts_ratio=0.5", "model.expert_width_ratio=0.5"]
TOP = ["model.active_fraction=0.25", "train.lr=0.1"]
ADAM = ["train.optimizer=adam", "train.lr=0.03", "train.adam.eps=0.1"]
IMAGES = ["data.source=idx", f"data.file={FASHION}/train-images-idx3-ubyte.gz", f"data.labels={FASHION}/train-labels-idx1-ubyte.gz", "train.batch=8",
          "train.loss=cross_entropy", "train.lr=1", "solve.tolerance=0.05"]
RELU = ["model.activation=relu", "model.expert_activation=relu", "train.lr=0.2"]
DEEP = ["model.depth=2", "train.lr=0.2"]
CASES = {
    "I, MSSP": ["model.regime=I", HALF[1]],
    "I, μP": ["model.regime=I", HALF[1], "model.parameterization=mup"],
    "I, MSSP, top-2 of 4": ["model.regime=I", HALF[1], "model.active=2", "model.router_bias_std=0.5", "train.lr=0.1"],
    "I, MSSP, cross-entropy": ["model.regime=I", HALF[1], "train.loss=cross_entropy"],
    "I, MSSP, momentum": ["model.regime=I", HALF[1], "train.optimizer=momentum", "train.lr=0.05"],
    "II, MSSP": [],
    "II, μP": ["model.parameterization=mup"],
    "II, MSSP, softmax": ["model.gate=softmax", "train.lr=0.02"],
    "II, MSSP, relu": RELU,
    "II, MSSP, gelu, cross-entropy": ["model.activation=gelu", "model.expert_activation=gelu", "train.loss=cross_entropy"],
    "II, MSSP, top-1/4": TOP,
    "II, MSSP, minibatches, test part": ["data.train=12", "train.batch=3", "data.test=4"],
    "II, MSSP, images": IMAGES,
    "II, μP, images": IMAGES + ["model.parameterization=mup"],
    "II, MSSP, momentum, decay": ["train.optimizer=momentum", "train.lr=0.05", "train.weight_decay=0.05"],
    "II, MSSP, Adam": ADAM,
    "II, MSSP, clipped": ["train.clip=0.3"],
    "II, MSSP, two blocks": DEEP,
    "II, MSSP, two blocks, RMS norm": DEEP + ["model.norm=rms"],
    "III, MSSP": ["model.regime=III", *HALF],
    "III, μP": ["model.regime=III", "model.parameterization=mup", *HALF],
    "III, MSSP, top-1/4": ["model.regime=III", *HALF, *TOP],
}
COMMON = ["train.steps=12", "output.kernels=false", "output.statistics=false", "output.every_seed=false"]
BEGIN, END = "<!-- begin agreement -->", "<!-- end agreement -->"


def solve(path, words):
    done = subprocess.run([PROGRAM, "solve", "-", "-q", "--force", "-t", "1", "-o", path] + [a for w in words for a in ("-s", w)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stderr}")
    return h5py.File(path)


def distance(a, b, key):
    """RMS and largest distance in combined errors, where there are any."""
    error = np.hypot(a[key + "_stderr"][...], b[key + "_stderr"][...])
    d = np.abs(a[key][...] - b[key][...])
    z = (d / np.where(error > 0, error, np.inf))[np.isfinite(d) & (error > 1e-9)]
    return np.sqrt(np.mean(z ** 2)), z.max()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--families", type=int, default=64)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines, failed = ["| case | loss: RMS, largest distance | predictions: RMS, largest | error of the loss | doubts |", "|---|---|---|---|---|"], []
    with tempfile.TemporaryDirectory() as folder:
        for seed, (name, words) in enumerate(CASES.items(), 1):
            if options.only not in name:
                continue
            own = [w for w in words if not w.startswith("solve.")]
            a = solve(f"{folder}/n.h5", COMMON + own + ["solve.method=networks", f"solve.replicas={options.families}", f"seed={seed}"])
            b = solve(f"{folder}/p.h5", COMMON + words + ["solve.particles=2000", "solve.replicas=12"])
            loss, f = distance(a, b, "observables/train/loss"), distance(a, b, "observables/train/prediction")
            error = np.sqrt(np.mean(a["observables/train/loss_stderr"][...] ** 2) / np.mean(a["observables/train/loss"][...] ** 2))
            doubts = [d.decode().split(":")[0] if isinstance(d, bytes) else d for k, d in a["diagnostics"].attrs.items() if k.startswith("doubt")]
            lines.append(f"| {name} | {loss[0]:.2f}, {loss[1]:.2f} | {f[0]:.2f}, {f[1]:.2f} | {100 * error:.2g} % | {len(doubts) or ''} |")
            print(lines[-1], *doubts, flush=True)
            if max(loss[0], f[0]) > 3:
                failed.append(name)
    if options.write:
        path = os.path.join(ROOT, "docs", "validation-horizon.md")
        text = open(path, encoding="utf-8").read()
        head, rest = text.split(BEGIN)
        open(path, "w", encoding="utf-8").write(head + BEGIN + "\n\n" + "\n".join(lines) + "\n\n" + END + rest.split(END)[1])
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
