#!/usr/bin/env python3
"""Drift of the best rate, and the loss that a transferred one costs, for every parameterization along width, depth, experts, steps and batch.

    python3 validation/transfer.py           all sweeps into out/transfer, then the tables of docs/sweeps.md and out/transfer.png
    python3 validation/transfer.py --table   tables and picture alone
    python3 validation/transfer.py NAME …    these sweeps, e.g. II-mup-L; --list, --threads 1

One pass over a few hundred images of Fashion-MNIST. Stopped, it goes on. Stacks in Regime II alone. About seven minutes of one processor.
"""
import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))
import numpy as np

import moedmft

BIN = os.environ.get("MOEDMFT_BIN", str(ROOT / "build" / "moedmft"))
OUT = ROOT / "out" / "transfer"
DOC = ROOT / "docs" / "sweeps.md"
BEGIN, END = "<!-- begin transfer -->\n", "<!-- end transfer -->\n"

COMMON = ["data.source=idx", "data.file=data/fashion/train-images-idx3-ubyte.gz", "data.labels=data/fashion/train-labels-idx1-ubyte.gz", "data.train=400",
          "train.loss=cross_entropy", "train.batch=10", "train.steps=39", "simulate.precision=single"]
LIMIT = ["solve.particles=1000", "solve.replicas=3", "solve.tolerance=0.3", "solve.precision=single"]
SHAPES = {"I": ["model.experts=4", "model.expert_width_ratio=0.5"], "II": [], "III": ["model.experts_ratio=0.5", "model.expert_width_ratio=0.5"]}
EXPERT_PARTICLES = {"I": [], "II": ["solve.expert_particles=500"], "III": ["solve.expert_particles=300"]}
# Regime, parameterization: first and last rate of the grid, in steps of √2 (--refine goes on beyond); those without a limit.
CASES = {("II", "mup"): "0.5:4:7", ("II", "mssp"): "0.5:4:7", ("II", "ntp"): "16:128:7", ("II", "standard"): "1:8:7",
         ("III", "jbph"): "0.5:4:7", ("I", "mcb"): "0.5:4:7", ("I", "simplep"): "0.5:4:7"}
NO_LIMIT = {("II", "ntp"), ("II", "standard"), ("I", "simplep")}
WIDTHS = {"N": ("[16, 32, 64]", "[48, 32, 24]")}
NARROW = ("[32]", "[24]")
AXES = {  # name: key of the axis or None, its values, what else is set
    "N": (None, "", []),
    "L": ("model.depth", "1,4", ["model.input=linear", "model.norm=rms", "model.output=norm"]),
    "M": ("model.experts_ratio", "0.5,1,2", []),
    "T": ("train.steps", "10,20,39", []),
    "B": ("train.batch", "2,5,10", []),
}
TITLES = {"N": "N: 16 to 64", "L": "L: 1 to 4", "M": "experts: × 4", "T": "steps: 10 to 39", "B": "batch: 2 to 10"}


def axis_of(regime, axis):
    """Key, values and settings of an axis; Regime I counts its experts."""
    key, values, settings = AXES[axis]
    return ("model.experts", "2,4,8", settings) if axis == "M" and regime == "I" else (key, values, settings)


def command(regime, parameterization, axis, threads):
    key, values, settings = axis_of(regime, axis)
    widths, seeds = WIDTHS.get(axis, NARROW)
    words = [BIN, "sweep", "-", "-q", "-t", str(threads), "-o", str(OUT / f"{regime}-{parameterization}-{axis}.h5"),
             "--over", f"train.lr=log:{CASES[regime, parameterization]}", "--refine=10"]
    words += ["--over", f"{key}={values}"] if key else []
    words += ["--no-limit"] if (regime, parameterization) in NO_LIMIT else []
    limit = [] if (regime, parameterization) in NO_LIMIT else LIMIT + EXPERT_PARTICLES[regime]
    chosen = dict(setting.split("=", 1) for setting in [*COMMON, *limit, *SHAPES[regime], *settings])
    if key:
        chosen.pop(key, None)
    chosen |= {"model.regime": regime, "model.parameterization": parameterization, "simulate.widths": widths, "simulate.seeds": seeds}
    return words + [word for name, value in chosen.items() for word in ("-s", f"{name}={value}")]


def shown(value, error, unit=""):
    """"−0.05 ± 0.02"."""
    if not np.isfinite(value):
        return "–"
    digits = max(0, min(3, 1 - int(np.floor(np.log10(error))))) if np.isfinite(error) and error > 0 else 2
    return f"{value:.{digits}f} ± {error:.{digits}f}{unit}".replace("-", "−")


def results(regime, parameterization, axis):
    """(drift, error) of networks and limit; (cost in percent, error, kind) from the first to the last row, of networks and limit. None: not run."""
    path = OUT / f"{regime}-{parameterization}-{axis}.h5"
    if not path.exists():
        return None
    key = axis_of(regime, axis)[0] or "width"
    with moedmft.open(path) as run:
        sweep = run.sweep
        if key not in sweep.directions:
            return None
        cost, kind = sweep.regret(key, relative=True), sweep.regret_kind(key)
        widths, limit = sweep.widths, bool(np.isinf(sweep.widths[-1]))
        networks = int(np.sum(np.isfinite(widths))) - 1
        at = (networks if key == "width" else (-1, networks)), (len(widths) - 1 if key == "width" else (-1, len(widths) - 1))
        take = [tuple(np.atleast_1d(a)) + (0,) for a in at]
        drifts = [sweep.drift] if key == "width" else [sweep.drift_along(key)[networks], sweep.drift_along(key)[len(widths) - 1]]
        return ([(float(d.mean), float(d.error)) for d in drifts] + [(np.nan, np.nan)] * (key == "width"),
                [(100 * cost.mean[i], 100 * cost.error[i], kind[i]) for i in take], limit)


def cost_text(value, error, kind):
    if kind == "diverges":
        return "diverges"
    if kind == "unknown":
        return "?"
    return f"≥ {value:.0f} %" if kind == "at least" else shown(value, error, " %")


def table(what):
    """Rows of one table: what is drift or cost, at networks (0) or in the limit (1)."""
    kind, place = what
    lines = ["| | " + " | ".join(TITLES[a].replace("to 64", "to ∞") if kind == "cost" and place and a == "N" else TITLES[a] for a in AXES if not (kind == "drift" and place and a == "N")) + " |"]
    lines.append("|---" * (lines[0].count("|") - 1) + "|")
    for regime, parameterization in CASES:
        if place and (regime, parameterization) in NO_LIMIT:
            continue
        cells = []
        for axis in AXES:
            if kind == "drift" and place and axis == "N":
                continue
            found = results(regime, parameterization, axis)
            cells.append("" if found is None else shown(*found[0][place]) if kind == "drift" else cost_text(*found[1][place]))
        lines.append(f"| {parameterization}, {regime} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def tables():
    parts = (("Drift of the best rate, d ln η* / d ln of the column, of networks (N = 32, but for the first column):", ("drift", 0)),
             ("The same in the limit:", ("drift", 1)),
             ("What the best rate of the first row costs at the last, in percent of the smallest loss there, networks:", ("cost", 0)),
             ("The same in the limit (first column: the rate of N = 16):", ("cost", 1)))
    return "\n".join(f"{title}\n\n{table(what)}" for title, what in parts)


def picture(path):
    """Above the drift, below the cost in percent, of networks (filled) and limit (open), in groups by axis; what is not known, or only as a bound, is left out."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, panels = plt.subplots(2, 1, figsize=(9, 5.6), sharex=True, constrained_layout=True)
    shades = ["#e69f00", "#4a9bd0", "#a1358f", "#009e73", "#1d3b5c", "#d55e00", "#7f7f7f"]
    for k, (regime, parameterization) in enumerate(CASES):
        for g, axis in enumerate(AXES):
            found = results(regime, parameterization, axis)
            for place in (0,) if (regime, parameterization) in NO_LIMIT else (0, 1):
                x = g + (k - 3) * 0.12 + 0.045 * place
                style = {"color": shades[k], "marker": "so"[place], "markersize": 5, "markerfacecolor": "white" if place else shades[k], "linestyle": "none", "capsize": 2}
                drift, cost = (found[0][place], found[1][place]) if found else ((np.nan, np.nan), (np.nan, np.nan, "unknown"))
                panels[0].errorbar([x], [drift[0]], [2 * np.nan_to_num(drift[1])], label=f"{parameterization}, {regime}" if not g and not place else None, **style)
                if cost[2] == "known":
                    panels[1].errorbar([x], [cost[0]], [2 * np.nan_to_num(cost[1])], **style)
    for panel, text in zip(panels, ("d ln η* / d ln", "cost of the first row's rate, %")):
        panel.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        panel.set_ylabel(text)
    panels[0].set_ylim(-1.2, 1.2)
    panels[1].set_yscale("symlog", linthresh=1)
    panels[1].set_ylim(-1, 100)
    panels[1].set_xticks(range(len(AXES)), TITLES.values())
    panels[0].legend(frameon=False, ncols=4, fontsize=8)
    figure.savefig(path, dpi=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    every = {f"{regime}-{p}-{axis}": (regime, p, axis) for axis in AXES for regime, p in CASES if axis != "L" or regime == "II"}  # stacks: the costliest
    unknown = [name for name in asked.names if name not in every]
    if unknown:
        parser.error(f"there is no {unknown[0]}; --list")
    if asked.list:
        print("\n".join(every))
        return 0
    OUT.mkdir(parents=True, exist_ok=True)
    for name in () if asked.table else asked.names or every:
        print(name, flush=True)
        if subprocess.run(command(*every[name], asked.threads), cwd=ROOT).returncode:
            return 1
    if asked.names:
        return 0
    picture(ROOT / "out" / "transfer.png")
    text = DOC.read_text()
    before, _, rest = text.partition(BEGIN)
    if not rest:
        print(tables())
        return 0
    DOC.write_text(before + BEGIN + "\n" + tables() + "\n" + END + rest.partition(END)[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
