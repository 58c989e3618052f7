#!/usr/bin/env python3
"""What a step of a long single pass costs late and early, and what memory grows by, for every way to the limit and for networks.

    validation/horizon_steps.py [--steps 3000] [--write]

A stream of batches of 8 inputs in 24 dimensions. Processor seconds (one thread, the least of three runs; what all runs begin with cancels) of 600 steps about step 3,000 over those
of 600 steps about step 300, and megabytes at the peak of a run of 3,300 steps less those of one of 600: losses and predictions of 2,700 steps
more, which the record has. Fails when a ratio exceeds 1.1 by more than the three repeats differ. A minute of one processor.
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
COMMON = ["data.source=hdf5", "data.file=@/stream.h5", "train.batch=8", "train.lr=0.3", "output.kernels=false", "output.statistics=false", "output.every_seed=false"]
WAYS = {
    "particles, solve.rank": ("solve", ["solve.rank=16", "solve.particles=400", "solve.expert_particles=200", "solve.replicas=1"]),
    "particles, solve.rank, Regime I": ("solve", ["solve.rank=16", "solve.particles=400", "solve.replicas=1", "model.regime=I", "model.experts=4"]),
    "particles, solve.rank, momentum": ("solve", ["solve.rank=16", "solve.particles=400", "solve.expert_particles=200", "solve.replicas=1", "train.optimizer=momentum", "train.lr=0.05"]),
    "networks in families": ("solve", ["solve.method=networks", "solve.widths=[16,32,64]", "solve.replicas=1"]),
    "networks in families, AdamW": ("solve", ["solve.method=networks", "solve.widths=[16,32,64]", "solve.replicas=1", "train.optimizer=adamw", "train.lr=0.01"]),
    "networks": ("simulate", ["simulate.widths=[64]", "simulate.seeds=2"]),
}
BEGIN, END, ALLOWED, REPEATS = "<!-- begin steps -->", "<!-- end steps -->", 1.1, 3


# Starts a command from a small process, as the peak of a child begins with what its parent has; prints status, processor seconds, kilobytes at the peak.
WATCH = "import os, sys; p = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ); _, s, u = os.wait4(p, 0); print(s, u.ru_utime + u.ru_stime, u.ru_maxrss)"


def stream(path, samples):
    r = np.random.default_rng(1)
    with h5py.File(path, "w") as f:
        f["x"] = r.standard_normal((samples, 24))
        f["y"] = np.tanh(f["x"][:, 0] * f["x"][:, 1] + f["x"][:, 2] / 2)


def run(folder, way, steps):
    """Processor seconds of a run, and megabytes at its peak."""
    command, words = WAYS[way]
    path = f"{folder}/a.h5"
    line = [PROGRAM, command, "-", "-q", "--force", "-t", "1", "-o", path] + [a for w in COMMON + words + [f"train.steps={steps}"] for a in ("-s", w.replace("@", folder))]
    said = subprocess.run([sys.executable, "-S", "-E", "-c", WATCH, *line], check=True, capture_output=True, text=True).stdout.split()
    if said[0] != "0":
        sys.exit(f"horizon_steps.py: {' '.join(line)} failed")
    return float(said[1]), float(said[2]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    late, early = (options.steps - 300, options.steps + 300), (0, 600)
    lines, bad = ["| way | ms of a step at 300 | at %d | ratio | MB more for %d steps |" % (options.steps, late[1] - early[1]), "|---|---|---|---|---|"], []
    with tempfile.TemporaryDirectory() as folder:
        stream(f"{folder}/stream.h5", 8 * (late[1] + 1))
        for way in WAYS:
            runs = {T: [run(folder, way, max(T, 1)) for _ in range(REPEATS)] for T in early + late}
            least = {T: min(s for s, _ in r) for T, r in runs.items()}
            spread = max((sorted(s for s, _ in r)[1] - least[T]) for T, r in runs.items())
            cost = [(least[b] - least[a]) / (b - a) for a, b in (early, late)]
            more = min(m for _, m in runs[late[1]]) - min(m for _, m in runs[early[1]])
            lines.append(f"| {way} | {1e3 * cost[0]:.2f} | {1e3 * cost[1]:.2f} | {cost[1] / cost[0]:.2f} | {more:.1f} |")
            print(lines[-1], flush=True)
            if cost[1] - ALLOWED * cost[0] > 2 * spread / 600:
                bad.append(way)
    if options.write:
        path = os.path.join(ROOT, "docs", "validation-horizon.md")
        text = open(path, encoding="utf-8").read()
        head, rest = text.split(BEGIN)
        open(path, "w", encoding="utf-8").write(head + BEGIN + "\n\n" + "\n".join(lines) + "\n\n" + END + rest.split(END)[1])
    if bad:
        sys.exit(f"a late step costs more than {ALLOWED} times an early one: {', '.join(bad)}")


if __name__ == "__main__":
    main()
