#!/usr/bin/env python3
"""Strong scaling over ranks, of independent runs or (--particles) of one replica of the limit (docs/cluster.md).

    validation/ranks.py [--rounds N] [--ranks R] [--program build/mpi/moedmft] [--seeds N] [--width N] [--particles N] [--steps N]

One thread each. A round makes the same networks on one rank and on R, start and end of mpirun included; rounds interleave the two, so that both
see the same load. Prints medians over rounds:
    speed-up               time on one rank / time on R: what it says, on a machine that has nothing else to do
    by processor time      R x processor time on one rank / processor time of all R: what R free cores would give, since each does 1/R of the
                           work, up to one run at the end; other processes change it little. (Of one replica it counts waiting for each other as work.)
"""
import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--ranks", type=int, default=2)
parser.add_argument("--program", default="build/mpi/moedmft")
parser.add_argument("--width", type=int, default=256)
parser.add_argument("--seeds", type=int, default=640)
parser.add_argument("--particles", type=int, default=0)
parser.add_argument("--steps", type=int, default=24)
args = parser.parse_args()
work = ["simulate", "-s", f"simulate.widths=[{args.width}]", "-s", f"simulate.seeds={args.seeds}"]
what = f"{args.seeds} networks of N = {args.width}"
if args.particles:
    work = ["solve", "-s", "solve.replicas=1", "-s", f"solve.particles={args.particles}", "-s", f"train.steps={args.steps}"]
    what = f"one replica of {args.particles} particles, {args.steps} steps"


def processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(ranks, folder):
    """Wall-clock and processor seconds of the work on so many ranks."""
    command = ["mpirun", "-q", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", str(ranks), os.path.abspath(args.program),
               work[0], "-", "-q", "--force", "-t", "1", *work[1:], "-o", os.path.join(folder, "out.h5")]
    start, before = time.monotonic(), processor_time()
    subprocess.run(command, check=True)
    return time.monotonic() - start, processor_time() - before


with tempfile.TemporaryDirectory() as folder:
    speed, cores = [], []
    for r in range(args.rounds):
        (one, one_cpu), (many, many_cpu) = run(1, folder), run(args.ranks, folder)
        speed.append(one / many)
        cores.append(args.ranks * one_cpu / many_cpu)
        print(f"round {r + 1}: 1 rank {one:.2f} s (processor {one_cpu:.2f} s), {args.ranks} ranks {many:.2f} s (processor {many_cpu:.2f} s); "
              f"load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"{what}, {args.ranks} ranks: speed-up {statistics.median(speed):.2f}, "
          f"by processor time {statistics.median(cores):.2f}")
