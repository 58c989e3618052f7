#!/usr/bin/env python3
"""Does the error of a sweep's best value cover the truth? 68 % of best values should lie within one error, 95 % within two.

For each case the truth is the minimum of the mean loss on a fine grid (spacing at most 3 %) over many networks. Then `moedmft sweep`
looks for it again and again, each time with another seed (other networks) and a grid that starts elsewhere, on the grid alone and with
--refine. Printed as a Markdown table: fractions within one and two errors, for the value and for the loss there; the errors' typical size,
and the root mean square of what they should cover. Where few networks carry the mean (an effective number below 0.4 of them), their
scatter cannot tell what the rare ones would add: these repeats are counted apart, as the program marks them.

    validation/best_value.py [--repeats N] [--seeds N] [--all] [CASE ...]

Cases: kink (the built-in set, 8 steps: the loss falls to a kink), guide (24 steps, the guide's recipe: a sharper one), fashion (one pass
over 400 images: a round minimum; needs --all, 15 minutes of one core). Two to five minutes of one core for each of the others.
Exit status 1 when fewer than half of the unmarked repeats lie within one error, or fewer than 85 % within two.
"""
import argparse
import math
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

PROGRAM = os.environ.get("MOEDMFT_BIN", "build/moedmft")
FASHION = ["data.source=idx", "data.file=data/fashion/train-images-idx3-ubyte.gz", "data.labels=data/fashion/train-labels-idx1-ubyte.gz",
           "data.train=400", "train.loss=cross_entropy", "train.batch=20", "train.steps=19", "simulate.precision=single"]
CASES = {  # settings, width, fine grid (first, last, number), spacing of the coarse grid, networks for the truth
    "kink": (["train.steps=8"], 16, (0.8, 2.8, 45), 2.0, 2048),
    "guide": ([], 64, (1.1, 1.75, 31), math.sqrt(2), 1024),
    "fashion": (FASHION, 24, (0.9, 3.2, 43), 2.0, 512),
}
RANGE = 8.0  # of the coarse grids, around the truth


def sweep(folder, settings, width, seeds, seed, over, *options):
    """The file of a sweep of networks of one width."""
    path = os.path.join(folder, "sweep.h5")
    line = [PROGRAM, "sweep", "-", "-q", "-o", path, "--no-limit", "--over", over, *options]
    for setting in [*settings, f"simulate.widths={width}", f"simulate.seeds={seeds}", f"seed={seed}"]:
        line += ["-s", setting]
    subprocess.run(line, check=True)
    with h5py.File(path) as f:
        found = {name: f[f"results/{name}"][0] for name in ("optimum", "optimum_stderr", "optimum_loss", "optimum_loss_stderr",
                                                            "optimum_runs", "optimum_kind", "optimum_between")}
        found.update(values=f["axes/train.lr"][...], losses=f[f"sweep/{f['results'].attrs['measure']}"][:, 0])
    os.remove(path)
    return found


def truth(folder, case):
    """ln of the best rate and the loss there: a parabola in ln(loss) through the lowest values of the fine grid."""
    settings, width, (first, last, n), _, seeds = CASES[case]
    found = sweep(folder, settings, width, seeds, 10**6, f"train.lr=log:{first}:{last}:{n}")
    x, y = np.log(found["values"]), np.log(found["losses"])
    i = int(np.nanargmin(np.where(np.isfinite(y), y, np.inf)))
    if not 1 <= i < n - 1:
        raise SystemExit(f"{case}: the fine grid does not hold the minimum")
    a, b, c = np.polyfit(x[i - 1:i + 2] - x[i], y[i - 1:i + 2], 2)
    return x[i] - b / (2 * a), math.exp(c - b * b / (4 * a))


def repeat(folder, case, centre, seeds, seed, options):
    """One sweep on a grid whose start is drawn from the seed."""
    settings, width, _, factor, _ = CASES[case]
    offset = np.random.default_rng(seed).uniform(-0.5, 0.5) * math.log(factor)
    n = 2 * round(math.log(RANGE) / math.log(factor) / 2) + 1
    first = math.exp(centre + offset - n // 2 * math.log(factor))
    return sweep(folder, settings, width, seeds, seed, f"train.lr=log:{first:.6g}:{first * factor ** (n - 1):.6g}:{n}", *options)


def measure(folder, case, repeats, seeds):
    centre, loss = truth(folder, case)
    rows = []
    for name, options in (("grid alone", []), ("--refine", ["--refine"])):
        found = [repeat(folder, case, centre, seeds, 1 + r, options) for r in range(repeats)]
        known = [f for f in found if np.isfinite(f["optimum_stderr"])]
        error = np.array([f["optimum_stderr"] / f["optimum"] for f in known])
        off = np.array([math.log(f["optimum"]) - centre for f in known])
        z_loss = np.array([(f["optimum_loss"] - loss) / f["optimum_loss_stderr"] for f in known])
        marked = np.array([f["optimum_runs"] < 0.4 * seeds for f in known])
        for label, part in (("", ~marked), (", few networks carry the mean", marked)):
            if part.any():
                rows.append((case, name + label, int(part.sum()), within(off[part] / error[part]), within(z_loss[part]), np.median(error[part]),
                             math.sqrt(np.mean(off[part] ** 2)), np.mean(off[part]), np.mean([len(f["values"]) for f in known]), bool(label)))
    return (case, math.exp(centre), loss), rows


def within(z):
    return tuple(float(np.mean(np.abs(z) < k)) for k in (1, 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], default=[])
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=32, help="networks of a sweep")
    parser.add_argument("--all", action="store_true", help="fashion, too")
    asked = parser.parse_args()
    cases = asked.cases or [c for c in CASES if asked.all or c != "fashion"]
    bad = 0
    print("| case | | repeats | within 1, 2 errors | loss within 1, 2 | median error | rms deviation | mean | values |\n|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            (name, best, loss), rows = measure(folder, case, asked.repeats, asked.seeds)
            for _, label, n, value, of_loss, error, rms, mean, values, marked in rows:
                print(f"| {name} ({best:.3f}, {loss:.2e}) | {label} | {n} | {value[0]:.2f}, {value[1]:.2f} | {of_loss[0]:.2f}, {of_loss[1]:.2f} "
                      f"| {error:.3f} | {rms:.3f} | {mean:+.3f} | {values:.1f} |", flush=True)
                bad += not marked and n >= 10 and (value[0] < 0.5 or value[1] < 0.85)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
