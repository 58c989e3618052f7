#!/usr/bin/env python3
"""Strong scaling of independent runs over ranks (docs/cluster.md).

    validation/ranks.py [--rounds N] [--ranks R] [--program build/mpi/moedmft]

One thread each. A round makes the same runs on one rank and on R, and starts R single processes side by side that do all of the runs
each: what the machine itself gives to R busy processes, which is less than R where others compute, too, or where cores share memory and
clock. Rounds interleave the three, so that all see the same load. Prints the medians over rounds: speed-up = time on one rank / time on R;
ceiling = R x time on one rank / time of the R processes.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--ranks", type=int, default=2)
parser.add_argument("--program", default="build/mpi/moedmft")
parser.add_argument("--width", type=int, default=256)
parser.add_argument("--seeds", type=int, default=320)
args = parser.parse_args()
program = os.path.abspath(args.program)
runs = ["simulate", "-", "-q", "--force", "-t", "1", "-s", f"simulate.widths=[{args.width}]", "-s", f"simulate.seeds={args.seeds}"]
mpirun = ["mpirun", "-q", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n"]


def timed(commands):
    start = time.monotonic()
    for process in [subprocess.Popen(command) for command in commands]:
        if process.wait():
            raise SystemExit(f"{commands[0]} failed")
    return time.monotonic() - start


with tempfile.TemporaryDirectory() as folder:
    def command(ranks, name):
        return mpirun + [str(ranks), program] + runs + ["-o", os.path.join(folder, name)]

    def alone(i):
        return [program] + runs + ["-o", os.path.join(folder, f"alone{i}.h5")]

    speed, ceiling, one, many = [], [], [], []
    for r in range(args.rounds):
        one.append(timed([command(1, "one.h5")]))
        many.append(timed([command(args.ranks, "many.h5")]))
        side_by_side = timed([alone(i) for i in range(args.ranks)])
        again = timed([command(1, "one.h5")])
        mean = (one[-1] + again) / 2  # before and after the others
        speed.append(mean / many[-1])
        ceiling.append(args.ranks * mean / side_by_side)
        print(f"round {r + 1}: 1 rank {one[-1]:.2f} s and {again:.2f} s, {args.ranks} ranks {many[-1]:.2f} s, "
              f"{args.ranks} processes {side_by_side:.2f} s; load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"{args.seeds} networks of N = {args.width}: speed-up on {args.ranks} ranks {statistics.median(speed):.2f} "
          f"(ceiling of this machine now {statistics.median(ceiling):.2f}); start and end of an mpirun included")
