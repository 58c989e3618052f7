#!/usr/bin/env python3
"""Bounded rank (solve.rank) on single passes: its bias, what a step costs late in a run, and what the tolerance of a whole batch does.

    python3 validation/rank.py [bias] [flat] [tolerance]    those parts, else all (about ten minutes); the tables of docs/theory.md, section 6

bias: a teacher of a tanh of one input and the product of two others, new samples at every step. Losses of the last steps and predictions with rank k against the limit that forgets
nothing on as many particles; 2 f(2k) - f(k); and networks. Errors are standard errors over replicas (seeds).
flat: CPU time of a step between 1,600 and 3,200 over that between 200 and 800, from runs of so many steps, and their peak memory; fails above 1.1.
tolerance: the same case without forgetting, solve.tolerance_of: token and batch: ranks and losses.
Program: environment variable MOEDMFT_BIN, else build/moedmft.
"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
BATCH, STEPS, LAST, INPUTS = 8, 60, 30, 8
CASE = [f"train.batch={BATCH}", f"train.steps={STEPS}", "train.lr=1.5", "solve.particles=2500", "solve.replicas=10", "solve.tolerance=0.05",
        "output.kernels=false", "output.statistics=false", "output.every_seed=true"]
CASES = {"Regime II, MSSP": [], "momentum": ["train.optimizer=momentum", "train.momentum=0.8", "train.lr=0.3"]}
KINDS = {"bias": CASES, "regimes": {"Regime I": ["model.regime=I"], "Regime III, MSSP": ["model.regime=III"]}}
RANKS = [8, 16, 32, 64]
WIDTHS = {16: 200, 32: 200, 64: 100}


def teacher(path, count):
    rng = np.random.default_rng(5)
    x = rng.standard_normal((count, INPUTS))
    with h5py.File(path, "w") as f:
        f["x"], f["y"] = x, (np.tanh(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3]) / 2**0.5


def run(folder, command, words):
    path = f"{folder}/out.h5"
    settings = [w for s in [f"data.source=hdf5", f"data.file={folder}/teacher.h5", f"data.train={BATCH * (STEPS + 1)}"] + CASE + words for w in ("-s", s)]
    subprocess.run([PROGRAM, command, "-", "-q", "--force", "-t", "1", "-o", path] + settings, check=True)
    return path


def curves(group):
    """Loss of the last steps of every run, and all its predictions there."""
    loss, f = group["train/loss"][...], group["train/prediction"][...]
    return loss[:, -LAST:].mean(1), f[:, -LAST:]


def limit(folder, words):
    with h5py.File(run(folder, "solve", words)) as f:
        ranks = [int(f["diagnostics"][f"rank_{q}"][()]) for q in ("h", "rho", "gamma", "y", "delta")]
        return *curves(f["members/observables"]), ranks


def error(x):
    return x.std(ddof=1) / np.sqrt(len(x))


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


def away(f, truth):
    """Root mean square of the difference of means, the noise of both removed."""
    noise = np.mean(f.var(0, ddof=1) / len(f) + truth.var(0, ddof=1) / len(truth))
    return np.sqrt(max(0, np.mean(np.square(f.mean(0) - truth.mean(0))) - noise))


def bias(folder, cases):
    teacher(f"{folder}/teacher.h5", BATCH * (STEPS + 1))
    for name, words in cases.items():
        loss, f, ranks = limit(folder, words)
        print(f"\n{name}: forgets nothing, ranks {ranks}: loss {loss.mean():.4f} ± {error(loss):.4f}, rms f {rms(f.mean(0)):.3f}\n")
        print("| | loss error | 2 f(2k) − f(k) | predictions, rms |\n|---|---|---|---|")
        before = None
        for k in RANKS:
            found = limit(folder, words + [f"solve.rank={k}"])
            gap = found[0].mean() - loss.mean()
            twice = f"{2 * gap - before[0]:+.4f} ± {np.sqrt(4 * error(found[0]) ** 2 + before[1] ** 2 + error(loss) ** 2):.4f}" if before else ""
            print(f"| k = {k} | {gap:+.4f} ± {np.hypot(error(found[0]), error(loss)):.4f} | {twice} | {away(found[1], f):.4f} |", flush=True)
            before = gap, error(found[0])
        with h5py.File(run(folder, "simulate", words + [f"simulate.widths={list(WIDTHS)}", f"simulate.seeds={list(WIDTHS.values())}"])) as file:
            for N in WIDTHS:
                found = curves(file[f"width_{N}/members/observables"])
                print(f"| networks, N = {N} | {found[0].mean() - loss.mean():+.4f} ± {np.hypot(error(found[0]), error(loss)):.4f} | | {away(found[1], f):.4f} |", flush=True)


def spent(folder, steps, most):
    """Processor seconds and the largest resident set of a run of so many steps."""
    batch = 4
    words = ["data.source=hdf5", f"data.file={folder}/teacher.h5", f"data.train={batch * (most + 1)}", f"train.batch={batch}", f"train.steps={steps}", "train.lr=0.5",
             "solve.particles=1000", "solve.replicas=1", "solve.rank=64", "output.kernels=false", "output.statistics=false"]
    process = subprocess.Popen([PROGRAM, "solve", "-", "-q", "--force", "-t", "1", "-o", f"{folder}/flat.h5"] + [w for s in words for w in ("-s", s)])
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"a run of {steps} steps ended with status {status}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def flat(folder):
    runs = [200, 800, 1600, 3200]
    teacher(f"{folder}/teacher.h5", 4 * (runs[-1] + 1))
    (a, _), (b, early), (c, _), (d, late) = (spent(folder, n, runs[-1]) for n in runs)
    first, last = (b - a) / 600, (d - c) / 1600
    print(f"CPU time of a step: {1e3 * first:.2f} ms from step 200 to 800, {1e3 * last:.2f} ms from 1,600 to 3,200, ratio {last / first:.3f}; peak memory × {late / early:.3f}")
    if last > 1.1 * first or late > 1.1 * early:
        sys.exit("the cost of a step, or memory, is not flat")


def tolerance(folder):
    teacher(f"{folder}/teacher.h5", BATCH * (STEPS + 1))
    print("| tolerance | of | ranks of h, ρ, γ, y, δ | loss | error of the loss |\n|---|---|---|---|---|")
    truth = None
    for words in ["0.02 token", "0.3 token", "0.1 batch", "0.3 batch"]:
        size, of = words.split()
        loss, _, ranks = limit(folder, [f"solve.tolerance={size}", f"solve.tolerance_of={of}", "solve.particles=2000"])
        truth = loss if truth is None else truth
        print(f"| {size} | {of} | {', '.join(map(str, ranks))} | {loss.mean():.4f} | {loss.mean() - truth.mean():+.4f} ± {np.hypot(error(loss), error(truth)):.4f} |", flush=True)


def main():
    parts = sys.argv[1:] or ["bias", "regimes", "flat", "tolerance"]
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            if part in KINDS:
                bias(folder, KINDS[part])
            else:
                {"flat": flat, "tolerance": tolerance}[part](folder)


if __name__ == "__main__":
    main()
