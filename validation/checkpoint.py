"""Checkpoints: what one costs, and whether runs that are ended at random moments end with the same bits.

  python3 validation/checkpoint.py --cost               size and time of a checkpoint, by kind of run
  python3 validation/checkpoint.py --trials N [--seed S]  N commands, each killed or stopped at random moments until it comes to its end

MOEDMFT_BIN names the program (build/moedmft). Exit status 1: a result differs, or something was left behind. docs/reliability.md shows what it printed.
"""
import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import h5py

PROGRAM = os.environ.get("MOEDMFT_BIN", "build/moedmft")

COSTS = [  # what, command, options, steps
    ("limit, 20,000 particles", "solve", ["solve.particles=20000", "solve.replicas=1"], 40),
    ("limit, Regime III, muP", "solve", ["model.regime=III", "model.parameterization=mup", "solve.particles=8000", "solve.replicas=1"], 40),
    ("limit, Adam, 4,000 particles", "solve", ["train.optimizer=adam", "train.lr=0.05", "solve.particles=4000", "solve.replicas=1"], 20),
    ("network, N = 256", "simulate", ["simulate.widths=256", "simulate.seeds=1"], 40),
    ("network, N = 512, Adam", "simulate", ["train.optimizer=adam", "train.lr=0.05", "simulate.widths=512", "simulate.seeds=1"], 20),
    ("network, N = 64", "simulate", ["simulate.widths=64", "simulate.seeds=1"], 200),
]

TRIALS = [  # commands of about a second
    ["solve", "solve.particles=6000", "solve.replicas=2", "train.steps=60"],
    ["solve", "solve.particles=600", "solve.replicas=3", "train.steps=8", "solve.sweeps=3", "solve.settled=3"],
    ["solve", "train.optimizer=adam", "train.lr=0.05", "solve.particles=800", "solve.replicas=2", "train.steps=20"],
    ["simulate", "simulate.widths=[32,96]", "simulate.seeds=4", "train.steps=60", "--save-weights"],
    ["compare", "model.regime=I", "solve.particles=3000", "solve.replicas=2", "simulate.widths=48", "simulate.seeds=3", "train.steps=60"],
    ["coordcheck", "model.regime=III", "solve.particles=1500", "solve.replicas=2", "simulate.widths=[16,32]", "simulate.seeds=2", "train.steps=30"],
    ["sweep", "solve.particles=1000", "solve.replicas=2", "simulate.widths=48", "simulate.seeds=3", "train.steps=60", "--over", "train.lr=0.1,0.2"],
]


def line(words, out, more=()):
    """The command line of a trial, or of a cost."""
    args = [PROGRAM, words[0], "-", "-q", "-t", "1", "-o", out]
    after_option = False
    for word in list(words[1:]) + list(more):
        args += [word] if word.startswith("--") or after_option else ["-s", word]
        after_option = word == "--over"
    return args


def folder_bytes(path):
    """Size of the largest finished file in a checkpoint's folder."""
    try:
        return max((e.stat().st_size for e in os.scandir(path) if e.name.endswith(".run")), default=0)
    except OSError:
        return 0


def seconds_of(args, watch=None):
    """Wall time of a command, and the largest file seen in the folder `watch` meanwhile."""
    largest, over = 0, threading.Event()

    def look():
        nonlocal largest
        while not over.wait(0.01):
            largest = max(largest, folder_bytes(watch))

    thread = threading.Thread(target=look) if watch else None
    if thread:
        thread.start()
    start = time.perf_counter()
    subprocess.run(args, check=True, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    over.set()
    if thread:
        thread.join()
    return seconds, largest


def cost():
    print("run | MB | ms for one checkpoint | ms for one step | share of the time, every 10 minutes")
    with tempfile.TemporaryDirectory() as folder:
        for what, command, options, steps in COSTS:
            out = os.path.join(folder, "a.h5")
            words = [command] + options + [f"train.steps={steps}", "output.kernels=false", "output.statistics=false"]
            plain = min(seconds_of(line(words, out, ["output.checkpoint=0", "--force"]))[0] for _ in range(3))
            every = [seconds_of(line(words, out, ["output.checkpoint=1e-9", "--force"]), out + ".checkpoint") for _ in range(3)]
            each = max(min(e[0] for e in every) - plain, 0) / steps
            print(f"{what} | {max(e[1] for e in every) / 1e6:.1f} | {1e3 * each:.1f} | {1e3 * plain / steps:.1f} | {100 * each / 600:.4f} %")


def arrays(path):
    """Every dataset of a file as bytes, but times."""
    found = {}
    with h5py.File(path) as f:
        f.visititems(lambda name, o: found.update({name: o[...].tobytes()}) if isinstance(o, h5py.Dataset) and "seconds" not in name else None)
    return found


def trial(rng, words, whole, folder):
    """One command, ended at random moments until it is through. How often it was ended, and what went wrong."""
    out = os.path.join(folder, "a.h5")
    ended = 0
    start = time.perf_counter()
    subprocess.run(line(words, out), check=True)
    length = time.perf_counter() - start
    os.remove(out)
    for attempt in range(100):
        process = subprocess.Popen(line(words, out, [f"output.checkpoint={rng.choice(['0', '1e-9', '1e-3'])}"]), stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.05, 1) * length * (1 + attempt / 20))
        except subprocess.TimeoutExpired:
            process.send_signal(rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]))
            ended += 1
        code = process.wait()
        if code == 0:
            break
        if code not in (130, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
            return ended, f"status {code}"
    left = sorted(set(os.listdir(folder)) - {"a.h5", "whole.h5"})
    if left:
        return ended, f"left behind: {left}"
    here, there = arrays(out), whole
    os.remove(out)
    return ended, None if here == there else f"differs: {[k for k in there if here.get(k) != there[k]][:5]}"


def trials(n, seed):
    rng = random.Random(seed)
    ended = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        wholes = {}
        for i in range(n):
            words = TRIALS[i % len(TRIALS)]
            if i % len(TRIALS) not in wholes:
                path = os.path.join(folder, "whole.h5")
                subprocess.run(line(words, path, ["--force"]), check=True)
                wholes[i % len(TRIALS)] = arrays(path)
            times, wrong = trial(rng, words, wholes[i % len(TRIALS)], folder)
            ended += times
            if wrong:
                bad += 1
                print(f"trial {i}, {' '.join(words)}: {wrong}", flush=True)
                for name in os.listdir(folder):
                    subprocess.run(["rm", "-rf", os.path.join(folder, name)])
                wholes = {}
    print(f"{n} commands, ended {ended} times: {n - bad} with the bits of runs that were never ended, {bad} not")
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    if a.cost:
        cost()
    sys.exit(1 if a.trials and trials(a.trials, a.seed) else 0)


if __name__ == "__main__":
    main()
