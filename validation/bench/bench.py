#!/usr/bin/env python3
"""How fast is moedmft, beside what the machine could do?

    validation/bench/bench.py [--quick] [--old OLD] [--new NEW] [--rounds R] [--only WORD] [--list]

Prints a table (Markdown) of the costs that docs/performance.md follows: NEW (build/moedmft), and OLD, another build, where it is given. `make
bench` and `make bench-quick` build what is needed and call it (`make bench OLD=../before/build/moedmft`).

Runs of both programs and of the floor (validation/bench/floor.c: the matrix products of a step alone, in BLAS) alternate; of each the fastest
counts. Time is CPU time of the process but where a row says wall: other work on the machine changes it little. A step's time is the difference
of two runs that take different numbers of steps, so that neither start nor output count. Times of two threads need two idle cores.
"""
import argparse
import math
import os
import resource
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLOOR = os.path.join(ROOT, os.environ.get("BUILD", "build"), "bench-floor")
DIMENSION = 64
ASSUMED = 5e10  # operations a second: only to choose how many steps are measured


# ---------------------------------------------------------------- runs

class Run:
    """One run of a program: CPU seconds, wall seconds, peak memory in bytes, and the file that it wrote."""

    def __init__(self, program, folder, arguments, threads=1):
        self.file = os.path.join(folder, "out.h5")
        command = [program, *arguments, "-o", self.file, "--force", "-q", "-t", str(threads)]
        begin = time.monotonic()
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        message = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"bench: {' '.join(command)}: status {child.returncode}: {message.strip()}")
        self.wall, self.cpu, self.memory = time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024.0


def settings(**values):
    return [word for key, value in values.items() for word in ("-s", f"{key.replace('__', '.')}={value}")]


def floor(*arguments):
    done = subprocess.run([FLOOR, *map(str, arguments)], check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


class Bench:
    """The programs, how often each measurement is repeated, and a folder for files."""

    def __init__(self, programs, rounds, seconds, folder):
        self.programs, self.rounds, self.seconds, self.folder = programs, rounds, seconds, folder
        self.solves = []  # default_solves

    def fastest(self, measures, rounds=None):
        """The smallest value of each of some functions without arguments, called in turn."""
        best = [math.inf] * len(measures)
        for _ in range(rounds or self.rounds):
            best = [min(b, m()) for b, m in zip(best, measures)]
        return best

    def each(self, arguments, threads=1, what="cpu", rounds=None):
        """The smallest time of a run of each program."""
        return self.fastest([lambda p=p: getattr(Run(p, self.folder, arguments, threads), what) for p in self.programs], rounds)

    def steps(self, arguments, few, many, extra=()):
        """Seconds of a step by each program; then the smallest values of `extra` functions, measured in between."""
        runs = [lambda p=p, n=n: Run(p, self.folder, [*arguments, *settings(train__steps=n)]).cpu for p in self.programs for n in (few, many)]
        best = self.fastest([*runs, *extra])
        pairs = len(self.programs)
        return [(best[2 * i + 1] - best[2 * i]) / (many - few) for i in range(pairs)], best[2 * pairs:]


# ---------------------------------------------------------------- rows: each gives one value of every program

NETWORK = dict(simulate__seeds=1, simulate__precision="single", output__kernels="false", data__dimension=DIMENSION, train__lr=0.1)
SHAPES = {"II N=1024 M=64 N_e=16": dict(model__regime="II", simulate__widths=1024, model__experts_ratio=0.0625, model__expert_width=16),
          "I N=512 M=4 N_e=512": dict(model__regime="I", simulate__widths=512, model__experts=4),
          "III N=512 M=32 N_e=512": dict(model__regime="III", simulate__widths=512, model__experts_ratio=0.0625)}
SIZES = {"II": (1024, 1024, 64), "I": (512, 2048, 4), "III": (512, 16384, 32)}  # N, M N_e, M


def network_step(shape, batch, fraction):
    """A step of a network, in units of the floor's."""
    def measure(bench):
        N, G, M = SIZES[shape.split()[0]]
        operations = 6 * N * batch * (2 * G * fraction + M + DIMENSION)
        steps = max(2, round(bench.seconds * ASSUMED / operations))
        routing = {} if fraction == 1 else dict(model__active=1) if shape.startswith("I ") else dict(model__active_fraction=fraction)
        arguments = ["simulate", "-", *settings(**NETWORK, **SHAPES[shape], data__train=batch, **routing)]
        seconds, (least,) = bench.steps(arguments, 2, 2 + steps, [lambda: floor("step", N, G, M, DIMENSION, batch, fraction, steps)[0]])
        return [s / least for s in seconds]
    return measure


def kernel_step(shape, batch):
    """The matrix products and updates of that step by moedmft's kernels; the same for every program."""
    def measure(bench):
        N, G, M = SIZES[shape.split()[0]]
        steps = max(2, round(bench.seconds * ASSUMED / (12 * N * G * batch)))
        times = np.min([floor("step", N, G, M, DIMENSION, batch, 1, steps) for _ in range(bench.rounds)], axis=0)
        return [math.nan] * (len(bench.programs) - 1) + [times[1] / times[0]]
    return measure


def attention_step(width, heads, head, context, batch):
    """A step of a network of one attention block, in units of the floor's: the matrix products of weights, and of scores by head and sequence."""
    def measure(bench):
        operations = 6 * width * batch * (4 * heads * head + DIMENSION) + 12 * heads * head * context * batch
        steps = max(2, round(bench.seconds * ASSUMED / operations))
        shape = dict(model__depth=1, model__blocks="[attention]", model__head_width=head, model__heads_ratio=heads / width, model__norm="rms", model__output="norm",
                     model__input="linear", data__context=context, data__train=batch, simulate__widths=width, output__statistics="false")
        seconds, (least,) = bench.steps(["simulate", "-", *settings(**NETWORK, **shape)], 2, 2 + steps,
                                        [lambda: floor("attention", width, heads, head, context, batch, DIMENSION, steps)[0]])
        return [s / least for s in seconds]
    return measure


def torch_attention_step(width, heads, head, context, batch):
    """That step in PyTorch (attention_torch.py), where there is one; the same for every program."""
    def measure(bench):
        words = list(map(str, (width, heads, head, context, batch, DIMENSION)))
        done = [subprocess.run([sys.executable, os.path.join(ROOT, "validation", "bench", "attention_torch.py"), *words, "20"], capture_output=True, text=True)
                for _ in range(bench.rounds)]
        least = min(floor("attention", *words, 20)[0] for _ in range(bench.rounds))
        seconds = min((float(d.stdout) for d in done if not d.returncode), default=math.nan)
        return [math.nan] * (len(bench.programs) - 1) + [seconds / least]
    return measure


def two_threads(arguments):
    def measure(bench):
        walls = bench.fastest([lambda p=p, t=t: Run(p, bench.folder, arguments, t).wall for p in bench.programs for t in (1, 2)])
        return [a / b for a, b in zip(walls[::2], walls[1::2])]
    return measure


def thin(bench):
    """Share of sgemm's peak: BLAS, which is what a program without kernels calls, and the kernels."""
    n = 20000
    values = np.max([floor("thin", n, 30, 4) for _ in range(bench.rounds)], axis=0) / PEAK[0] * 100
    blas, own = (2 / (1 / values[i] + 1 / values[i + 1]) for i in (0, 2))
    return [blas, own][-len(bench.programs):]


def standard_error(path):
    with h5py.File(path) as f:
        return float(np.sqrt((f["observables/train/prediction_stderr"][()] ** 2).mean()))


def default_solves(bench):
    """CPU seconds and standard error of the predictions, by program; measured once."""
    if not bench.solves:
        bench.solves = [[math.inf, math.nan] for _ in bench.programs]
        for _ in range(bench.rounds):
            for program, kept in zip(bench.programs, bench.solves):
                run = Run(program, bench.folder, ["solve", "-"])
                kept[:] = min(kept[0], run.cpu), standard_error(run.file)
    return bench.solves


def default_solve(bench):
    return [seconds for seconds, _ in default_solves(bench)]


def default_solve_at_error(bench):
    """What the same method would need for an error of 1e-3: time goes with one over its square."""
    return [seconds * (error / 1e-3) ** 2 for seconds, error in default_solves(bench)]


def large_population(particles):
    """CPU seconds; long runs need no repetition."""
    def measure(bench):
        return bench.each(["solve", "-", *settings(solve__particles=particles, **ONE)], rounds=1 if particles > 10**5 else None)
    return measure


def memory(particles):
    def measure(bench):
        return bench.each(["solve", "-", *settings(solve__particles=particles, **ONE)], what="memory", rounds=1)
    return measure


def times_of(first, second, few=2, many=14):
    """Seconds of a step under the second settings, in units of those under the first."""
    def measure(bench):
        runs = [lambda p=p, c=c, n=n: Run(p, bench.folder, ["solve", "-", *c, *settings(train__steps=n)]).cpu
                for p in bench.programs for c in (first, second) for n in (few, many)]
        best = bench.fastest(runs)
        return [(best[i + 3] - best[i + 2]) / (best[i + 1] - best[i]) for i in range(0, len(best), 4)]
    return measure


def many_samples(bench):
    arguments = settings(data__train=2000, solve__particles=4000, train__steps=2, **ONE, output__kernels="false")
    return bench.each(["solve", "-", *arguments], rounds=2)


def every_seed(bench):
    run = ["simulate", "-", *settings(simulate__widths=16, simulate__seeds=1000)]
    best = bench.fastest([lambda p=p, v=v: Run(p, bench.folder, [*run, *settings(output__every_seed=v)]).cpu
                          for p in bench.programs for v in ("false", "true")])
    return [b / a for a, b in zip(best[::2], best[1::2])]


ONE = dict(solve__replicas=1)
ONE_REPLICA, LARGE_REPLICA = settings(**ONE), settings(**ONE, solve__particles=60000)
LARGE = ["simulate", "-", *settings(**NETWORK, **SHAPES["III N=512 M=32 N_e=512"], data__train=64, train__steps=6)]
PEAK = [math.nan]


def rows(quick):
    """name, unit, target, measure."""
    for batch, targets in ((256, ("≤ 1.05", "≤ 1.15")), (10, ("≤ 0.65", "≤ 0.65"))):
        for shape in list(SHAPES)[:2 if quick else 3]:
            for fraction, target in zip((1, 0.25), targets):
                kind = "soft" if fraction == 1 else "top-¼"
                yield f"network step, {shape}, {kind}, B = {batch}", "× BLAS floor", target, network_step(shape, batch, fraction)
    for heads, width, context in ((8, 64, 64), (32, 16, 16)) if quick else ((8, 64, 256), (8, 64, 64), (32, 16, 16)):
        yield f"attention step, N=512, {heads} heads of {width}, B = 256 in sequences of {context}", "× BLAS floor", "≤ 1.2", attention_step(512, heads, width, context, 256)
        yield f"the same attention step in PyTorch, {heads} heads of {width}, sequences of {context}", "× BLAS floor", "", torch_attention_step(512, heads, width, context, 256)
    for shape in SHAPES:
        yield f"products of that step by kernels alone, {shape}, B = 10", "× BLAS floor", "≤ 0.65", kernel_step(shape, 10)
    yield "thin products, n = 20000, k = 30, 4 tokens", "% of sgemm's peak", "≥ 45", thin
    yield "default `solve -`", "CPU s", "", default_solve
    yield "default `solve -`, at a standard error of 1e-3", "CPU s", "≤ 0.4 × old", default_solve_at_error
    yield "Adam step of the limit", "× SGD step", "≤ 2", times_of(ONE_REPLICA, [*ONE_REPLICA, *settings(train__optimizer="adam")])
    if quick:
        return
    yield "one large network, 2 threads", "× faster than 1 (wall)", "≥ 1.8", two_threads(LARGE)
    yield "one replica of the limit, 2 threads", "× faster than 1 (wall)", "≥ 1.8", two_threads(["solve", "-", *LARGE_REPLICA])
    yield "10^5 particles, 1 replica", "CPU s", "", large_population(10**5)
    yield "10^6 particles, 1 replica", "CPU s", "≤ 10 × 10^5, ≤ 0.5 × old", large_population(10**6)
    yield "10^5 particles, 1 replica", "bytes", "", memory(10**5)
    yield "P = 2000 samples, full batch, 4000 particles, 2 steps", "CPU s", "≤ 0.1 × old", many_samples
    yield "`output.every_seed`, 1000 seeds", "× the run without", "≤ 1.3", every_seed


# ---------------------------------------------------------------- the table

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", help="another build of moedmft, to compare with")
    parser.add_argument("--new", default=os.path.join(ROOT, "build", "moedmft"))
    parser.add_argument("--quick", action="store_true", help="the rows that take seconds, fewer repetitions: under two minutes")
    parser.add_argument("--rounds", type=int, help="repetitions (5; quick: 2)")
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose name contains WORD")
    parser.add_argument("--list", action="store_true", help="names of the rows")
    options = parser.parse_args()
    chosen = [row for row in rows(options.quick) if options.only in row[0]]
    if options.list or not chosen:
        print("\n".join(row[0] for row in rows(options.quick)))
        return 0 if options.list else f"bench: no row has '{options.only}' in its name"
    programs = [os.path.abspath(p) for p in (options.old, options.new) if p]
    PEAK[0], bandwidth = floor("peak")[0], floor("stream")[0]
    print(f"sgemm {PEAK[0]:.0f} GFLOP/s, stream {bandwidth:.0f} GB/s on one core; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| what | unit |" + (" old |" if options.old else "") + " new | target |")
    print("|---|---|" + "---|" * (len(programs) + 1))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(programs, options.rounds or (2 if options.quick else 5), 0.3 if options.quick else 0.6, folder)
        for name, unit, target, measure in chosen:
            print(f"| {name} | {unit} | " + " | ".join("" if math.isnan(v) else f"{v:.3g}" for v in measure(bench)) + f" | {target} |", flush=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\n{used.ru_utime + used.ru_stime:.0f} s of CPU time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
