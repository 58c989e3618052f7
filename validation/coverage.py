#!/usr/bin/env python3
"""Do standard errors cover the truth? Two of them, 2.4 of eight runs, 14 of two (Student's t), should hold it 95 times of 100.

Small cases are run again and again with other seeds. The truth is that of much larger, independent runs: many more networks of each width, and
the limit with ten times the particles, so that a bias of the sample counts as a miss. Counted over all entries of all arrays that have an error (a quarter of the repeats at least):

  networks, limit: means of 2, 3, 4 runs, and of 24 networks and 8 replicas. Where the file says that an error is unknown (NaN), nothing is claimed.
  bias apart: 8 replicas of the limit against 2,560 of the same number of particles, whose bias is the same; what is missing is the errors' own fault.
  exponent: fitted powers of the deviation (comparison/each/*/exponent) against that of the large run; bounds must be on the right side.
  extrapolated: networks at N = infinity and the limit agree (their series in 1/N is known to end there): the verdict's own rule.

    validation/coverage.py [--repeats N] [--keep FOLDER] [CASE ...]

Without cases: all, about 25 minutes of one core. Printed as Markdown tables: percent within, ± the standard error over repeats. Below:

  unknown: of which part of the entries the error is.
  powers that are wrong: of all repeats. Most have none: a power is told where a deviation stands out of the noise, by chance as well, and those are too large.
  arrays below 93: single ones, percent of networks of 4 and 24, and of 8 replicas.
  bias of 300 particles: the difference of both truths in errors of 8 replicas, root mean square over entries without its noise.

In the end every kind of array that is outside 95 ± 2 by more than two standard errors (fractions of few samples may be above). Exit status 1 if one is. Needs build/ (make).
"""
import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections import defaultdict

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
CASES = {
    "I": ["model.regime=I"],
    "II": [],
    "II μP top-K": ["model.parameterization=mup", "model.active_fraction=0.25"],
    "II Adam": ["train.optimizer=adam", "train.lr=0.05", "train.adam.eps=0.1"],
    "II depth 2": ["model.depth=2"],
    "III": ["model.regime=III"],
    "III μP momentum": ["model.regime=III", "model.parameterization=mup", "train.optimizer=momentum", "train.lr=0.1"],
}
WIDTHS = (12, 24, 48)
FEW, MANY, TRUTH = (2, 3, 4), 24, 2400  # networks of a width
REPLICAS, PARTICLES, MORE = 8, 300, 2560  # MORE: replicas of as many particles
COMMON = ["train.steps=4", "output.every_seed=false", f"simulate.widths=[{','.join(map(str, WIDTHS))}]", "output.statistics=true"]
PRECISE = [f"simulate.seeds={TRUTH}", f"solve.particles={10 * PARTICLES}", "solve.replicas=64", "seed=900000000"]
SAME = [f"solve.particles={PARTICLES}", f"solve.replicas={MORE}", "seed=700000000"]
KINDS = (("observables/train/loss", "loss"), ("observables/test", "test part"), ("observables/train/prediction", "predictions"), ("observables/train/accuracy", "accuracy"),
         ("observables/rms", "RMS"), ("observables/overlap", "overlaps"), ("observables/router", "router"), ("kernels", "kernels"), ("statistics/load", "loads"),
         ("statistics", "distributions"), ("histograms", "histograms"), ("observables/experts", "experts"), ("responses", "responses"), ("parts", "parts"), ("", "other"))


COUNTS = ("accuracy", "histograms")  # and loads under top-K: fractions of few samples, whose error is at least that of one run more that differs by one


def is_counted(case, kind):
    return kind in COUNTS or (kind == "loads" and any("active_fraction" in setting for setting in CASES[case]))


def t_within(freedom):
    """The multiple of an estimated error that Student's t exceeds as rarely as a normal deviation 2 (mdm_student)."""
    low, high, tail = 2.0, 1000.0, 0.5 * math.erfc(2 / math.sqrt(2))
    grid = np.linspace(0, 1, 20001)

    def beyond(t):  # ∫ of the density from t on, with x = tan θ √freedom
        angle = math.atan(t / math.sqrt(freedom)) + grid * (math.pi / 2 - math.atan(t / math.sqrt(freedom)))
        y = np.cos(angle)**(freedom - 1)
        return math.gamma((freedom + 1) / 2) / (math.sqrt(math.pi) * math.gamma(freedom / 2)) * np.trapz(y, angle)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) > tail else (low, middle)
    return low


REACH = defaultdict(lambda: 2.0)


def reach(runs):
    if runs not in REACH:
        REACH[runs] = t_within(runs - 1)
    return REACH[runs]


def kind_of(path):
    return "histograms" if path.endswith("/histogram") else next(name for start, name in KINDS if path.startswith(start))


def execute(path, settings, command="compare"):
    line = [PROGRAM, command, "-", "-q", "-t", "1", "--force", "-o", path]
    for setting in settings:
        line += ["-s", setting]
    subprocess.run(line, check=True)


def arrays(group):
    """(path, mean, error) of all arrays with an error."""
    found = []
    for top in ("observables", "kernels", "statistics", "responses", "parts"):
        if top in group:
            group[top].visititems(lambda name, item, top=top: found.append(f"{top}/{name}") if name.endswith("_stderr") else None)
    return {p[:-7]: (group[p[:-7]][...], group[p][...]) for p in found}


def sources(f):
    return {"limit": f["/"], **{f"N = {n}": f[f"width_{n}"] for n in WIDTHS}}


class Count:
    """Entries within, by repeat: the spread over repeats tells the error of their mean."""

    def __init__(self):
        self.part = defaultdict(list)

    def add(self, key, inside):
        inside = np.asarray(inside, float)
        if inside.size:
            self.part[key].append(inside.mean())

    def known(self, key, repeats):
        """Whether a quarter of the repeats say something of it: exponents of a few are those whose noise happened to look like a deviation."""
        return len(self.part.get(key, ())) >= repeats / 4

    def of(self, key):
        v = np.array(self.part[key])
        return 100 * v.mean(), 100 * v.std(ddof=1) / math.sqrt(len(v)) if len(v) > 1 else math.nan


def add_means(count, who, path, mean, error, runs, truth):
    """Entries of one array; those without spread in the truth are constants."""
    true, true_error = truth
    varies = np.isfinite(true) & (true_error > 1e-9 * (np.abs(true) + 1e-12)) & np.isfinite(mean)
    near = np.abs(mean - true) <= reach(runs) * np.hypot(error, true_error)
    unknown = ~np.isfinite(error)  # nothing is claimed
    count.add((who, kind_of(path), runs), near[varies & ~unknown])
    count.add((who + " unknown", kind_of(path), runs), unknown[varies])
    count.add((who + " array", path, runs), near[varies & ~unknown])


def count_means(count, f, truth, same, runs):
    for name, group in sources(f).items():
        who = "limit" if name == "limit" else "networks"
        n = int(group.attrs["runs"])
        for path in truth[name]:
            mean, error = group[path][...], group[path + "_stderr"][...]
            add_means(count, who, path, mean, error, n, truth[name][path])
            if who == "limit" and runs == MANY and path in same:
                add_means(count, "bias apart", path, mean, error, n, same[path])


def biases(truth, same):
    """By kind: root mean square over entries of the bias in standard errors of REPLICAS replicas, without its noise (below zero: minus that of its size)."""
    squares = defaultdict(list)
    for path, (mean, error) in same.items():
        if path not in truth:
            continue
        one = error * math.sqrt(MORE / REPLICAS)
        known = np.isfinite(mean) & np.isfinite(truth[path][0]) & (error > 1e-9 * (np.abs(mean) + 1e-12)) & (truth[path][1] > 0)
        z2 = ((mean - truth[path][0])**2 - error**2 - truth[path][1]**2)[known] / one[known]**2
        squares[kind_of(path)].extend(z2)
    return {kind: math.copysign(math.sqrt(abs(np.mean(v))), np.mean(v)) for kind, v in squares.items() if v}


def count_comparison(count, f, truth, bases):
    """Powers and extrapolations of the arrays below comparison/each that bases names."""
    for base in bases:
        path = base if base.split("/")[0] in ("kernels", "statistics", "responses", "parts") else "observables/" + base
        kind = kind_of(path)
        here, there = f["comparison/each/" + base], truth["comparison/each/" + base]
        p, e, bound, freedom = (float(here[x][0]) for x in ("exponent", "exponent_stderr", "exponent_bound", "exponent_freedom"))
        true, true_error = float(there["exponent"][0]), float(there["exponent_stderr"][0])
        if math.isfinite(true) and math.isfinite(true_error) and true_error < 0.15:
            good = true >= p if bound > 0 else true <= p if bound < 0 else abs(p - true) <= reach(int(freedom) + 1) * math.hypot(e, true_error)
            count.add(("exponent", kind, 0), [good] if math.isfinite(p) else [])
            count.add(("exponent wrong", kind, 0), [math.isfinite(p) and not good])
        z, freedom = float(here["extrapolated_rms_z"][0]), float(here["extrapolated_freedom"][0])
        if math.isfinite(z):
            count.add(("extrapolated", kind, 0), [z <= reach(max(1, int(freedom)) + 1)])


def measure(case, repeats, folder):
    """Counts of one case, and the bias of its limit."""
    count = Count()
    settings, path = CASES[case] + COMMON, os.path.join(folder, "coverage.h5")
    kept, again = (os.path.join(folder, case.replace(" ", "_") + end) for end in (".h5", "_same.h5"))
    execute(kept, settings + PRECISE)
    execute(again, CASES[case] + COMMON[:2] + COMMON[3:] + SAME, "solve")
    with h5py.File(kept) as large, h5py.File(again) as other:
        truth = {name: arrays(group) for name, group in sources(large).items()}
        same, bases = arrays(other), []
        large["comparison/each"].visit(lambda name: bases.append(name[:-len("/exponent")]) if name.endswith("/exponent") else None)
        for r in range(repeats):
            for k, networks in enumerate((*FEW, MANY)):
                runs = [f"simulate.seeds={networks}", f"solve.replicas={networks if networks in FEW else REPLICAS}", f"solve.particles={PARTICLES}", f"seed={100000 + 1000 * r + 200 * k}"]
                execute(path, settings + runs)
                with h5py.File(path) as f:
                    count_means(count, f, truth, same, networks)
                    if networks == MANY:
                        count_comparison(count, f, large, bases)
    return count, biases(truth["limit"], same)


COLUMNS = [("networks", n) for n in (*FEW, MANY)] + [("limit", n) for n in (*FEW, REPLICAS)] + [("bias apart", REPLICAS), ("exponent", 0), ("extrapolated", 0)]


def is_judged(who):
    return not who.endswith((" unknown", " wrong", " array"))


def arrays_below(count, repeats):
    """Lines: single arrays that less than 93 % of the repeats hold, of networks of 4 and 24 and of 8 replicas, worst first."""
    found = defaultdict(dict)
    for (who, path, n) in [key for key in count.part if key[0].endswith(" array") and key[2] in (4, REPLICAS, MANY) and count.known(key, repeats)]:
        mean, error = count.of((who, path, n))
        if mean + 2 * error < 93 and not any(kind_of(path) == k for k in COUNTS):
            found[path][f"{who[:-6]} {n}"] = mean
    worst = sorted(found, key=lambda path: min(found[path].values()))
    return [f"{path}: " + ", ".join(f"{name} {mean:.1f}" for name, mean in found[path].items()) for path in worst]


def table(case, count, bias, repeats):
    kinds = sorted({k for who, k, _ in count.part if is_judged(who)}, key=[n for _, n in KINDS].index)
    print(f"\n| {case} | " + " | ".join(f"{who} {n or ''}".strip() for who, n in COLUMNS) + " |\n|" + "---|" * (len(COLUMNS) + 1))
    for kind in kinds:
        cells = []
        for who, n in COLUMNS:
            mean, error = count.of((who, kind, n)) if count.known((who, kind, n), repeats) else (math.nan, math.nan)
            cells.append("" if math.isnan(mean) else f"{mean:.1f} ± {error:.1f}")
        print(f"| {kind} | " + " | ".join(cells) + " |", flush=True)
    unknown = [(who, n, kind, count.of((who + " unknown", kind, n))[0]) for who, n in COLUMNS for kind in kinds if (who + " unknown", kind, n) in count.part]
    print("\nunknown:", ", ".join(f"{kind} of {who} {n} {part:.1f} %" for who, n, kind, part in unknown if part > 0.05) or "none")
    print("powers that are wrong, of all repeats:", ", ".join(f"{kind} {count.of(('exponent wrong', kind, 0))[0]:.1f} %" for kind in kinds if ("exponent wrong", kind, 0) in count.part))
    print("arrays below 93:", *(arrays_below(count, repeats) or ["none"]), sep="\n- ")
    print("\nbias of 300 particles in errors of 8 replicas:", ", ".join(f"{kind} {bias[kind]:.2f}" for kind in kinds if kind in bias), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--keep", metavar="FOLDER", help="where the large runs stay")
    asked = parser.parse_args()
    unknown = [c for c in asked.cases if c not in CASES]
    if unknown:
        parser.error(f"{unknown[0]}: cases are {', '.join(CASES)}")
    missed = []
    with tempfile.TemporaryDirectory() as temporary:
        for case in asked.cases or CASES:
            count, bias = measure(case, asked.repeats, asked.keep or temporary)
            table(case, count, bias, asked.repeats)
            for key in count.part:
                if not is_judged(key[0]) or not count.known(key, asked.repeats):
                    continue
                mean, error = count.of(key)
                low, high = 93 - 2 * error, (100 if key[0] in ("extrapolated", "exponent") or is_counted(case, key[1]) else 97 + 2 * error)
                if not low <= mean <= high:
                    missed.append(f"{case}: {key[0]} {key[2] or ''}, {key[1]}: {mean:.1f} ± {error:.1f}")
    print("\noutside 95 ± 2:", *(missed or ["none"]), sep="\n- ")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
