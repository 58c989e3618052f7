#!/usr/bin/env python3
"""Entrywise optimizers: skeletons of the pair table against the table itself, at 4,000 particles of Regime II.

Tables: (errors) the error of predictions (RMS difference from `solve.pairs: full` with the same seeds, over steps and samples)
relative to the spread between replicas, and the largest error on held-out particles; (particles) the same with
384 pivots in place of the full table, for several numbers of particles; (cost) processor time and peak memory of one
replica, whole and without what the same run costs under SGD (thin factors and fields; the learned part is what is left);
(smaller) smaller full tables with more replicas: bias, standard error, and the standard error that the work of one full replica buys.
Times are user + system seconds of the child on one thread, the median of alternating runs. About seven minutes on two cores.

    validation/bench_pairs.py [path of moedmft] [errors|particles|cost|smaller ...]
"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/moedmft"
PARTS = sys.argv[2:] or ["errors", "particles", "cost", "smaller"]
# Status, seconds and kB of a child; by a process of its own, since a child's peak counts the memory of the process it was forked from.
MEASURE = """import os, sys
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(status, used.ru_utime + used.ru_stime, used.ru_maxrss)"""
STREAM, REPLICAS, PIVOTS, ROUNDS = 4000, 2, (16, 32, 64, 128, 256), 3
FULL = {"solve.pairs": "full"}
ADAM = {"train.optimizer": "adam", "train.adam.beta2": 0.99, "train.adam.eps": 0.1, "train.lr": 0.1}
FASHION = {"data.source": "idx", "data.file": "data/fashion/train-images-idx3-ubyte.gz",
           "data.labels": "data/fashion/train-labels-idx1-ubyte.gz", "train.loss": "cross_entropy", "train.batch": 8}
OPTIMIZERS = {"adam eps=0.1": ADAM, "adam eps=0.01": {**ADAM, "train.adam.eps": 0.01, "train.lr": 0.05},
              "adam eps=1e-8": {**ADAM, "train.adam.eps": 1e-8, "train.lr": 0.03},
              "sign": {"train.optimizer": "sign", "train.lr": 0.01},
              "adam top-1/4": {**ADAM, "model.active_fraction": 0.25}}
CASES = {f"{p} {name}": {"model.parameterization": p, **o} for p in ("mssp", "mup") for name, o in OPTIMIZERS.items()}
CASES["mssp adam minibatch"] = {"model.parameterization": "mssp", **ADAM, **FASHION}


def solve(folder, settings, threads=1):
    """Runs the solver; its file as a dict, its processor seconds and its peak memory in MB."""
    path = os.path.join(folder, "pairs.h5")
    base = {"solve.particles": STREAM, "solve.replicas": 1, "output.kernels": "false", "output.statistics": "false",
            "output.every_seed": "true"}
    words = [w for key, value in {**base, **settings}.items() for w in ("--set", f"{key}={value}")]
    text = subprocess.run([sys.executable, "-c", MEASURE, PROGRAM, "solve", "-", "-o", path, "--force", "-q", "-t", str(threads), *words],
                          stdout=subprocess.PIPE).stdout
    status, seconds, memory = map(float, text.split() or (1, 0, 0))
    if status:
        sys.exit(f"{PROGRAM} failed on {settings}")
    out = {}
    with h5py.File(path) as f:
        f.visititems(lambda name, node: out.__setitem__(name, node[()]) if isinstance(node, h5py.Dataset) else None)
    return out, seconds, memory / 1024


def replicas(out):
    """Predictions of every replica: replicas × steps × samples × outputs."""
    return out["members/observables/train/prediction"]


def rms(x):
    return float(np.sqrt(np.mean(np.square(x))))


def held_out(out):
    return max(float(np.ravel(v)[0]) for name, v in out.items() if "skeleton_error" in name and not name.endswith("stderr"))


def errors(folder):
    """The column `same` is the error of the full table itself when the tolerance of directions moves by 1 %: below it, runs with
    equal seeds differ because their draws do."""
    print("\nerror / spread at pivots: " + " ".join(map(str, PIVOTS)) + " (held-out error)")
    print("case | spread | same | " + " | ".join(map(str, PIVOTS)))
    for name, case in CASES.items():
        run = lambda s: solve(folder, {**case, "solve.replicas": REPLICAS, **s}, 2)[0]
        full = replicas(run(FULL))
        spread = rms(replicas(run({"solve.pivots": 64, "solve.replicas": 8})).std(0, ddof=1))
        row = [f"{spread:.4f}", f"{rms(replicas(run({**FULL, 'solve.tolerance': 0.0101})) - full) / spread:.3f}"]
        for n in PIVOTS:
            out = run({"solve.pivots": n})
            row.append(f"{rms(replicas(out) - full) / spread:.3f} ({held_out(out):.2f})")
        print(" | ".join([name, *row]), flush=True)


def particles(folder):
    """Error of single replicas, and of their mean, over the spread of one."""
    print("\ncase | particles | spread | 64 pivots: error | of the mean | 128 pivots: error | of the mean")
    for name in ("mssp adam eps=0.01", "mssp sign"):
        for count in (2000, 8000, 16000):
            run = lambda n: replicas(solve(folder, {**CASES[name], "solve.replicas": 4, "solve.particles": count, "solve.pivots": n}, 2)[0])
            best = run(384)
            spread = rms(best.std(0, ddof=1))
            row = [f"{rms(d) / spread:.2f} | {rms(d.mean(0)) / spread:.2f}" for d in (run(n) - best for n in (64, 128))]
            print(f"{name} | {count} | {spread:.5f} | " + " | ".join(row), flush=True)


def entries(stream, pivots=0, held=16, expert_width=3):
    """Stored entries of Q, W1 and W2; experts are half of the particles."""
    shapes = [(stream // 2, stream)] + 2 * [(expert_width * stream // 2, stream)]
    return sum((r + c) * (pivots + held) if pivots else r * c for r, c in shapes)


def cost(folder):
    for name in ("mssp adam eps=0.1", "mssp sign", "mssp adam minibatch"):
        case = CASES[name]
        sgd = {**{k: v for k, v in case.items() if not k.startswith("train.adam.")}, "train.optimizer": "sgd"}
        settings = [{**case, **FULL}, *({**case, "solve.pivots": n} for n in PIVOTS), sgd]
        runs = [[solve(folder, s)[1:] for s in settings] for _ in range(ROUNDS)]
        seconds, memory = np.median(np.array(runs), axis=0).T
        print(f"\n{name}: what full costs, over what n pivots cost\npivots | entries | time | time, learned part | memory | memory, learned part")
        for k, n in enumerate(PIVOTS, 1):
            print(f"{n} | {entries(STREAM) / entries(STREAM, n):.1f} | {seconds[0] / seconds[k]:.1f} | "
                  f"{(seconds[0] - seconds[-1]) / (seconds[k] - seconds[-1]):.1f} | {memory[0] / memory[k]:.1f} | "
                  f"{(memory[0] - memory[-1]) / (memory[k] - memory[-1]):.1f}")
        print(f"full {seconds[0]:.2f} s, {memory[0]:.0f} MB; sgd {seconds[-1]:.2f} s, {memory[-1]:.0f} MB", flush=True)


def smaller(folder):
    """Means of many replicas against 24 skeletons of 128 pivots: bias with the noise of both subtracted (RMS over steps and
    samples), and the standard error that the work of one full replica at 4,000 particles buys, over the spread of that replica."""
    for name in ("mssp adam eps=0.1", "mup adam eps=0.1", "mssp sign"):
        case = CASES[name]
        unit = np.median([solve(folder, {**case, **FULL})[1] for _ in range(ROUNDS)])
        ways = [({"solve.pivots": 128}, STREAM, 24), ({"solve.pivots": 64}, STREAM, 24), (FULL, 1000, 16), (FULL, 500, 64), (FULL, 250, 128)]
        print(f"\n{name}\nway | particles | replicas | time | spread | bias | noise of bias | error at equal work")
        print(f"full | {STREAM} | 1 | 1.00 | | | | 1.00", flush=True)
        best = None
        for settings, stream, count in ways:
            out, seconds, _ = solve(folder, {**case, **settings, "solve.particles": stream, "solve.replicas": count})
            f = replicas(out)
            mean, spread2 = f.mean(0), f.var(0, ddof=1)
            best = best or (mean, spread2 / count, rms(np.sqrt(spread2)))
            noise2 = spread2 / count + best[1] if stream != STREAM else 0 * spread2  # skeletons share seeds with `best`
            bias = np.sqrt(max(0, np.mean((mean - best[0])**2 - noise2)))
            way = "full" if settings is FULL else f"{settings['solve.pivots']} pivots"
            print(f"{way} | {stream} | {count} | {seconds / unit:.2f} | {rms(np.sqrt(spread2)):.4f} | {bias:.4f} | {rms(np.sqrt(noise2)):.4f} | "
                  f"{rms(np.sqrt(spread2)) * np.sqrt(seconds / unit / count) / best[2]:.2f}", flush=True)


with tempfile.TemporaryDirectory() as scratch:
    for part in PARTS:
        {"errors": errors, "particles": particles, "cost": cost, "smaller": smaller}[part](scratch)
