#!/usr/bin/env python3
"""What residual blocks cost: processor time and peak memory of limit and networks for L = 0 (no residual sum), 1, 2, 4, 8, 16.

    python3 validation/bench_depth.py [RUNS]    least time of RUNS runs (3); about four minutes; the table of docs/engineering.md

Program: environment variable MOEDMFT_BIN, else build/moedmft. One thread.
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
DEPTHS = (0, 1, 2, 4, 8, 16)
COMMON = ["train.steps=24", "output.kernels=false", "output.statistics=false"]
BLOCKS = ["model.norm=rms", "model.output=norm"]
LIMIT = ["solve", "solve.particles=20000", "solve.replicas=1"]
NETWORK = ["simulate", "simulate.widths=[1024]", "simulate.seeds=1", "simulate.precision=single"]


def cost(words):
    """Processor seconds and peak memory in MB of one run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [PROGRAM, words[0], "-", "-q", "-t", "1", "-o", os.path.join(folder, "out.h5")]
        run = subprocess.Popen(command + [part for word in words[1:] for part in ("-s", word)])
        _, status, used = os.wait4(run.pid, 0)
    if status:
        sys.exit(f"bench_depth.py: {' '.join(words)} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(words, depth, runs):
    depth_words = [f"model.depth={depth}"] + BLOCKS if depth else []
    found = [cost(words + COMMON + depth_words) for _ in range(runs)]
    return min(seconds for seconds, _ in found), min(size for _, size in found)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    base = {words[0]: measure(words + ["train.steps=0"], 0, runs)[1] for words in (LIMIT, NETWORK)}
    print("| L | limit: s | s/block | MB | networks: s | s/block | MB |\n|---|---|---|---|---|---|---|")
    for depth in DEPTHS:
        cells = []
        for words in (LIMIT, NETWORK):
            seconds, size = measure(words, depth, runs)
            cells += [f"{seconds:.2f}", f"{seconds / max(depth, 1):.2f}", f"{size:.0f}"]
        print("| " + " | ".join([str(depth) if depth else "none"] + cells) + " |", flush=True)
    print(f"\nBefore any step, without residual sum: limit {base['solve']:.0f} MB, networks {base['simulate']:.0f} MB.")


if __name__ == "__main__":
    main()
