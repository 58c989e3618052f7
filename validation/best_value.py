#!/usr/bin/env python3
"""Does the error of a sweep's best value cover the truth? 68 % of best values should lie within one error, 95 % within two.

Best values are sought again and again, by the program's own routine (src/study/best_value.c), each time for other networks and on a grid that
starts elsewhere, on the grid alone and refined. The truth is known. Two kinds of losses:

  round, skewed, deep, vee, equal, modes, plateau: curves of known minimum, whose place and size differ from run to run.
  kink, guide, fashion: networks. `moedmft sweep` trains many of them once, at values as close as 1 or 2 %; the repeats draw networks and
      grids from these. The truth is the minimum of their mean loss. One `moedmft sweep --refine` of the first networks must give the same
      best value as the repeats' way to refine.

    validation/best_value.py [--repeats N] [--seeds N] [--spread S] [--few | --signs | --shares] [CASE ...]

Without cases: all curves; all: those and the networks, kink (the built-in set, 8 steps: the loss falls to a kink), guide (24 steps, the
guide's recipe: a sharper one) and fashion (one pass over 400 images: a round minimum). Needs build/ (make) and a C compiler. Two minutes of one core in all.
Printed as a Markdown table: fractions within one and two errors, for the value and for the loss there; the errors' typical size, and the root
mean square of what they should cover, of ln(value) and of the loss in parts of the true one.
--few: fractions within two errors, of lists refined from a spacing of 1.41, of 3 to 32 runs.
--signs: of so many lists, refined from a spacing of 1.41, whose loss misses the truth by more than two errors (how many are too low), and with which probability such a list has a
    larger share of its largest loss (in their sum, in their variance), … than one that holds it: 0.5 tells nothing.
--shares: of networks, which part of the mean loss the largest has, how many carry it (effective number) and how ln L scatters, beside the best value.
Exit status 1 when fewer than 55 % of the repeats lie within one error, or fewer than 80 % within two.
"""
import argparse
import glob
import math
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
IMAGES = os.path.join(ROOT, "data", "fashion", "train-{}-ubyte.gz")
FASHION = ["data.source=idx", "data.file=" + IMAGES.format("images-idx3"), "data.labels=" + IMAGES.format("labels-idx1"), "data.train=400",
           "train.loss=cross_entropy", "train.batch=20", "train.steps=19", "simulate.precision=single"]
# settings; width; near the best rate; values in a factor of two close to it and far away, where grids start; networks to draw from
NETWORKS = {
    "kink": (["train.steps=8"], 16, 1.46, 64, 4, 1024),
    "guide": ([], 64, 1.42, 64, 4, 96),
    "fashion": (FASHION, 24, 2.4, 32, 4, 96),
}
CURVES = {  # losses of runs with places s and sizes a at x, with a minimum near 0
    "round": lambda x, s, a: a * np.exp(2 * (x - s)**2),
    "skewed": lambda x, s, a: a * np.exp(3 * (np.exp(x - s) - 1 - (x - s))),
    "deep": lambda x, s, a: a * (0.01 + (x - s)**2),
    "vee": lambda x, s, a: a * np.exp(np.where(x < s, 2 * (s - x), 6 * (x - s))),
    "equal": lambda x, s, a: a * np.exp(3 * np.abs(x - s)),
    "modes": lambda x, s, a: a * sum(c * (1 - 1.5 * np.exp(x - s) * m)**16 for m, c in ((1, 1), (0.55, 0.5), (0.3, 0.3), (0.1, 0.1))),
    "plateau": lambda x, s, a: a * np.exp(s * x + 2 * x**4),
}
REACH = 1.5  # grids reach so many factors of two to both sides of the truth
TOLERANCE = 0.01  # of --refine
FEW = (3, 4, 8, 16, 32)  # runs
EDGE = (1, 2)  # kinds: at an end of the list


class Routine:
    """mdm_best_value of this build."""
    FIELDS = "kind position x x_error x_runs x_between loss loss_error runs".split()

    def __init__(self, folder):
        binary = os.path.join(folder, "best_value_lists")
        objects = [*(os.path.join(ROOT, f"build/obj/src/study/{name}.o") for name in ("best_value", "loss_list")), *glob.glob(os.path.join(ROOT, "build/obj/src/base/*.o"))]
        libraries = subprocess.run(["pkg-config", "--cflags", "--libs", "openblas", "lapacke", "gsl", "sleef", "hdf5", "yaml-0.1", "zlib"],
                                   check=True, capture_output=True, text=True).stdout.split()
        subprocess.run(["cc", "-std=c11", "-O2", "-fopenmp", f"-I{ROOT}/src", f"-I{ROOT}/include", f"{ROOT}/validation/best_value_lists.c", "-o", binary,
                        *objects, *libraries, "-lpthread", "-lm"], check=True)
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, x, y, first, seed, stream):
        """The best of values with ln x (n) and losses y (n × runs); first (n): losses of step 0."""
        head = np.array([len(x), y.shape[1], seed, stream], np.uint64)
        self.process.stdin.write(head.tobytes() + b"".join(np.ascontiguousarray(v, float).tobytes() for v in (x, first, y)))
        self.process.stdin.flush()
        return dict(zip(self.FIELDS, np.frombuffer(self.process.stdout.read(8 * len(self.FIELDS)))))


def refined(best_of, position, losses):
    """The best value after refinement as in src/study/sweep_grow.c, and the positions of all values. position: of the grid's values, whole numbers;
    losses(position): None where there are none."""
    position = sorted(position)
    while True:
        best = best_of(position)
        i = int(best["position"])
        if best["kind"] in EDGE or best["x_between"] <= max(TOLERANCE, 0.5 * best["x_runs"]):
            return best, position
        middle = [(a + b) / 2 for a, b in zip(position[i - 1:i + 1], position[i:i + 2])]
        more = [m for m in middle if m == int(m) and losses(int(m)) is not None]
        if not more:
            return best, position
        position = sorted(position + [int(m) for m in more])


class Curve:
    """Runs drawn anew for every repeat."""
    unit = math.log(2) / 1024
    start = 1

    def __init__(self, name, spread):
        self.loss, self.spread = CURVES[name], spread
        many = self.draw(10**6, 20000)
        step, centre, width = 0.0, 0.0, 0.5
        while width > 1e-4:
            grid = centre + width * np.linspace(-1, 1, 41)
            mean = [self.loss(x, *many).mean() for x in grid]
            centre, step, width = grid[int(np.argmin(mean))], min(mean), width / 10
        self.truth, self.least = centre, step

    def draw(self, seed, runs):
        rng = np.random.default_rng(seed)
        return rng.normal(0, self.spread, runs), np.exp(rng.normal(0, self.spread, runs))

    def sample(self, seed, runs):
        drawn = self.draw(seed, runs)
        return lambda position: self.loss(self.x(position), *drawn)

    def x(self, position):
        return np.asarray(position) * self.unit

    def first(self, position):
        return np.full(len(position), np.inf)


class Pool:
    """Networks trained once at many values; repeats draw from them."""

    def __init__(self, folder, name):
        self.settings, self.width, near, close, far, seeds = NETWORKS[name]
        self.unit, self.near, self.start = math.log(2) / close, near, close // far
        self.positions = [p for p in range(-4 * close, 4 * close + 1) if abs(p) <= 0.2 * close or p % 4 == 0 and abs(p) <= 0.5 * close
                          or p % self.start == 0 and abs(p) <= (REACH + 1.5) * close]
        found = self.sweep(folder, self.positions, seeds)
        self.losses = dict(zip(self.positions, found["each"]))
        self.step0 = dict(zip(self.positions, found["first"]))
        mean = np.log([self.losses[p].mean() for p in self.positions])
        i = int(np.nanargmin(mean))
        if abs(self.positions[i]) > 0.15 * close:
            raise SystemExit(f"{name}: the best rate is {self.near * 2**(self.positions[i] / close):.3g}, too far from {near}")
        x = self.x(self.positions)
        a, b, c = np.polyfit(x[i - 2:i + 3] - x[i], mean[i - 2:i + 3], 2)
        self.truth, self.least = x[i] - b / (2 * a), math.exp(c - b * b / (4 * a))

    def value(self, position):
        return f"{self.near * math.exp(position * self.unit):.6g}"

    def sweep(self, folder, positions, seeds, *options):
        """`moedmft sweep` of the first so many networks."""
        path = os.path.join(folder, "sweep.h5")
        line = [PROGRAM, "sweep", "-", "-q", "-t", "1", "-o", path, "--no-limit", "--over", "train.lr=" + ",".join(map(self.value, positions)), *options]
        for setting in [*self.settings, f"simulate.widths={self.width}", f"simulate.seeds={seeds}", "seed=1000000"]:
            line += ["-s", setting]
        subprocess.run(line, check=True)
        with h5py.File(path) as f:
            measure = f["results"].attrs["measure"]
            found = {name: float(f[f"results/{name}"][0]) for name in ("optimum", "optimum_stderr", "optimum_loss", "optimum_loss_stderr")}
            found.update(each=f[f"sweep/each/{measure.decode() if isinstance(measure, bytes) else measure}"][:, 0], first=f["sweep/loss"][:, 0, 0])
        os.remove(path)
        return found

    def sample(self, seed, runs):
        pick = slice(runs) if seed is None else np.random.default_rng(seed).choice(len(self.losses[0]), runs)
        return lambda position: self.losses[position][pick] if position in self.losses else None

    def x(self, position):
        return math.log(self.near) + np.asarray(position) * self.unit

    def first(self, position):
        return np.array([self.step0[p] for p in position])

    def check(self, folder, routine, runs):
        """The program's own sweep of the first networks, refined, against the way of this script."""
        grid = [k * round(math.log(2) / self.unit) for k in (-2, -1, 0, 1, 2)]
        own = self.sweep(folder, grid, runs, "--refine")
        best, _ = refined(best_of(routine, self, self.sample(None, runs), 10**6, 0), grid, self.sample(None, runs))
        same = [(own["optimum"], math.exp(best["x"])), (own["optimum_stderr"], math.exp(best["x"]) * best["x_error"]),
                (own["optimum_loss"], best["loss"]), (own["optimum_loss_stderr"], best["loss_error"])]
        if any(abs(a / b - 1) > 1e-3 for a, b in same):
            raise SystemExit(f"moedmft sweep --refine differs from this script: {same}")


def best_of(routine, source, losses, seed, stream):
    return lambda position: routine(source.x(position), np.array([losses(p) for p in position]), source.first(position), seed, stream)


def seek(routine, source, spacing, refine, r, runs):
    """Repeat r: the best value, the positions of its list and their losses."""
    octave, step = math.log(2) / source.unit, round(spacing / source.unit)
    centre = round((source.truth - source.x(0)) / source.unit)
    half = round(REACH * octave / step)
    start = centre - half * step + int(np.random.default_rng(r).integers(-(step // 2), step // 2 + 1))
    start -= start % source.start
    grid = [start + k * step for k in range(2 * half + 1)]
    losses = source.sample(r, runs)
    find = best_of(routine, source, losses, 1, r)
    return *(refined(find, grid, losses) if refine else (find(grid), grid)), losses


def measure(routine, source, spacing, refine, repeats, runs):
    """Deviations and errors of best values: rows of x, its error, loss, its error, number of values."""
    rows = []
    for r in range(repeats):
        best, positions, _ = seek(routine, source, spacing, refine, r, runs)
        if np.isfinite(best["x_error"]):
            rows.append((best["x"] - source.truth, best["x_error"], best["loss"] / source.least - 1, best["loss_error"] / source.least, len(positions)))
    return np.array(rows)


def report(name, spacing, refine, rows):
    """One line of the table; whether errors cover."""
    within = [[float(np.mean(np.abs(rows[:, c]) < k * rows[:, c + 1])) for k in (1, 2)] for c in (0, 2)]
    rms = np.sqrt(np.mean(rows**2, 0))
    print(f"| {name} | {math.exp(spacing):.3g}{', refined' if refine else ''} | {len(rows)} | " + " | ".join(f"{a:.2f}, {b:.2f}" for a, b in within)
          + f" | {np.median(rows[:, 1]):.3f}, {rms[0]:.3f}, {rows[:, 0].mean():+.3f} | {np.median(rows[:, 3]):.3f}, {rms[2]:.3f}, {rows[:, 2].mean():+.3f}"
          + f" | {rows[:, 4].mean():.1f} |", flush=True)
    return all(a >= 0.55 and b >= 0.8 for a, b in within)


def few_runs(routine, name, source, repeats):
    """One line of the table of few runs; whether errors cover."""
    cells = []
    for n in FEW:
        rows = measure(routine, source, math.log(2) / 2, True, repeats, n)
        cells.append([float(np.mean(np.abs(rows[:, c]) < 2 * rows[:, c + 1])) for c in (0, 2)])
    print(f"| {name} | " + " | ".join(f"{x:.2f}, {loss:.2f}" for x, loss in cells) + " |", flush=True)
    return all(part >= 0.8 for cell in cells for part in cell)


def all_spacings(routine, name, source, repeats, runs):
    """Lines of the large table; whether errors cover."""
    good = True
    for spacing in (math.log(2), math.log(2) / 2):
        for refine in (False, True):
            rows = measure(routine, source, spacing, refine, repeats, runs)
            good &= report(f"{name} ({math.exp(source.truth):.3f}, {source.least:.2e})", spacing, refine, rows)
    return good


SIGNS = {  # of the losses y of the runs at the best value
    "largest / sum": lambda y: y.max() / y.sum(),
    "largest / variance": lambda y: ((y - y.mean())**2).max() / ((y - y.mean())**2).sum(),
    "1 / effective number": lambda y: (y**2).sum() / y.sum()**2,
    "spread of ln L": lambda y: np.log(y).std(ddof=1),
    "skewness": lambda y: ((y - y.mean())**3).mean() / y.std()**3,
}


def signs(routine, name, source, repeats, runs):
    """One line of the table of signs."""
    found, missed = [], []
    for r in range(repeats):
        best, positions, losses = seek(routine, source, math.log(2) / 2, True, r, runs)
        if np.isfinite(best["x_error"]):
            found.append([sign(losses(sorted(positions)[int(best["position"])])) for sign in SIGNS.values()])
            missed.append((best["loss"] - source.least) / best["loss_error"])
    found, missed = np.array(found), np.array(missed)
    a, b = found[np.abs(missed) >= 2], found[np.abs(missed) < 2]
    larger = [(a[:, None, k] > b[None, :, k]).mean() if len(a) else math.nan for k in range(len(SIGNS))]
    print(f"| {name} | {runs} | {len(a)} of {len(found)} | {np.mean(missed <= -2) * len(found):.0f} | " + " | ".join(f"{v:.2f}" for v in larger) + " |", flush=True)


def shares(name, source):
    """Lines of the table of shares, at values within 6 % of the best."""
    for p in source.positions:
        ratio = math.exp(source.x(p) - source.truth)
        if abs(ratio - 1) <= 0.06:
            losses = source.losses[p]
            print(f"| {name} | {ratio:.3f} | {losses.mean():.2e} | {losses.max() / losses.sum():.2f} | {losses.sum()**2 / (losses**2).sum():.1f} of {len(losses)} | {np.log(losses).std(ddof=1):.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[[], "all", *CURVES, *NETWORKS], default=[])
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=16, help="runs of a sweep")
    parser.add_argument("--spread", type=float, default=0.05, help="standard deviation of the curves' places, and of ln(size), from run to run")
    parser.add_argument("--few", action="store_true", help="the table of few runs")
    parser.add_argument("--signs", action="store_true", help="do the losses of the runs at the best value tell that its loss misses?")
    parser.add_argument("--shares", action="store_true", help="how many networks carry the mean loss")
    asked = parser.parse_args()
    cases = [*CURVES, *NETWORKS] if "all" in asked.cases else asked.cases or list(CURVES)
    good = True
    if asked.shares:
        cases = [case for case in cases if case in NETWORKS]
        print("| case | value over the best | mean loss | share of the largest | effective number | standard deviation of ln L |\n|---|---|---|---|---|---|")
    elif asked.signs:
        print("| case | runs | missed | too low | " + " | ".join(SIGNS) + " |\n" + "|---" * (4 + len(SIGNS)) + "|")
    elif asked.few:
        print(f"| two errors of … runs hold | {FEW[0]}: value, loss | " + " | ".join(map(str, FEW[1:])) + " |\n" + "|---" * (len(FEW) + 1) + "|")
    else:
        print("| case | spacing | repeats | within 1, 2 errors | loss within 1, 2 | error, rms deviation, mean | of the loss | values |\n"
              "|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        routine = Routine(folder)
        for case in cases:
            source = Pool(folder, case) if case in NETWORKS else Curve(case, asked.spread)
            if case in NETWORKS:
                source.check(folder, routine, asked.seeds)
            if asked.shares:
                shares(case, source)
                continue
            if asked.signs:
                for runs in (4, 16):
                    signs(routine, case, source, asked.repeats, runs)
                continue
            good &= few_runs(routine, case, source, asked.repeats) if asked.few else all_spacings(routine, case, source, asked.repeats, asked.seeds)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
