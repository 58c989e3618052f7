"""How many experts of what size? The best loss against the granularity of experts, their shared part and their active part, networks and limit.

    sh scripts/study.sh granularity
    PYTHONPATH=python /usr/bin/python3 validation/granularity.py

Prints the tables of docs/granularity.md: the best losses, and of every curve the shape that a joint scaling law has for it (Zhao et al., arXiv
2509.23678), fitted with weights 1/error²: e G + f/G and m S² + n S, each with a constant.
"""

import argparse
import pathlib

import matplotlib.pyplot as plt
import numpy as np

import moedmft

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", nargs="?", default="out", help="where granularity_*.h5 are")
parser.add_argument("-o", "--output", default="out/granularity.png")
asked = parser.parse_args()

SHADES = {32.0: "#e69f00", 64.0: "#4a9bd0", np.inf: "black"}
# x: files, in which the numbers x stand
GRANULARITY = {1 / width: f"G_{width}" for width in (32, 16, 8, 4, 2, 1)}  # G: reciprocal number of neurons, K = 2 N G
SHARED = {0: "A_2_0.25", 4 / 16: "S_4", 8 / 16: "S_8", 12 / 16: "S_12"}
ACTIVE = {total: {active: f"A_{total}_{active}" for active in (0.0625, 0.125, 0.25, 1)} for total in (1, 4)}


def read(names):
    """Best loss and its error of every file by width: {N: (values, losses, errors)}; a best loss at an end of its rates is left out."""
    found = {}
    for x, name in names.items():
        path = pathlib.Path(asked.folder) / f"granularity_{'G_4' if name == 'A_2_0.25' else name}.h5"
        with moedmft.open(path) as run:
            (part,) = run.sweep.slices
            for i, width in enumerate(part.widths):
                if part.kind[i] in ("inside", "between neighbours", "beside divergence"):
                    found.setdefault(float(width), []).append((x, part.optimum_loss.mean[i], part.optimum_loss.error[i], part.optimum.mean[i]))
    return {width: np.array(rows).T for width, rows in found.items()}


def label(width):
    return "N = ∞ (DMFT)" if np.isinf(width) else f"N = {width:g}"


def fit(x, y, error, shapes):
    """Coefficients of the shapes and a constant, their covariance, and χ² per degree of freedom (NaN without one)."""
    design = np.array([np.ones_like(x)] + [shape(x) for shape in shapes]).T / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    found = covariance @ design.T @ (y / error)
    freedom = len(x) - len(found)
    chi2 = float(np.sum((design @ found - y / error) ** 2) / freedom) if freedom else np.nan
    return found, covariance * max(1.0, chi2 if freedom else 1.0), chi2


def optimum(found, covariance, place):
    """Place of the minimum and its error, to first order; place: of the coefficients behind the constant. None where there is none."""
    at = place(found[1:])
    if not np.isfinite(at):
        return None
    step = 1e-6 * np.abs(found[1:])
    slope = np.array([(place(found[1:] + step * (np.arange(2) == i)) - at) / step[i] for i in range(2)])
    return at, float(np.sqrt(slope @ covariance[1:, 1:] @ slope))


def report(title, curves, names, shapes, place):
    print(f"\n{title}\n")
    for width, (x, y, error, _) in curves.items():
        found, covariance, chi2 = fit(x, y, error, shapes)
        text = ", ".join(f"{name} = {v:.4g} ± {e:.2g}" for name, v, e in zip(names, found[1:], np.sqrt(np.diag(covariance))[1:]))
        best = optimum(found, covariance, place)
        inside = best is not None and x.min() < best[0] < x.max()
        where = f"minimum at {best[0]:.3g} ± {best[1]:.2g}" if inside else "no minimum between the values"
        print(f"{label(width)}: {text}; {where}; χ² per degree of freedom {chi2:.2g}")


def table(head, curves):
    xs = next(iter(curves.values()))[0]
    print(f"\n| {head} | " + " | ".join(f"{x:.4g}" for x in xs) + " |\n" + "|---" * (len(xs) + 1) + "|")
    for width, (x, y, error, rate) in curves.items():
        print(f"| {label(width)} | " + " | ".join(f"{a:.3f} ± {b:.3f}" for a, b in zip(y, error)) + " |")
        print("| its best rate | " + " | ".join(f"{r:.2f}" for r in rate) + " |")


def draw(ax, curves, xlabel, log):
    for width, (x, y, error, _) in curves.items():
        style = {"color": SHADES.get(width, "0.5"), "linestyle": "--" if np.isinf(width) else "-", "marker": "s" if np.isinf(width) else "o"}
        ax.errorbar(x, y, 2 * error, capsize=3, linewidth=1.2, markersize=5, label=label(width), **style)
    ax.set_xlabel(xlabel)
    if log:
        ax.set_xscale("log", base=2)
        ax.set_xticks(x, [f"1/{1 / v:g}" if v < 1 else f"{v:g}" for v in x])
        ax.minorticks_off()


try:
    grain, shared, active = read(GRANULARITY), read(SHARED), {total: read(names) for total, names in ACTIVE.items()}
except moedmft.MoedmftError as error:
    parser.error(str(error))
table("G", grain)
report("L0 + e G + f/G", grain, "ef", (lambda x: x, lambda x: 1 / x), lambda c: np.sqrt(c[1] / c[0]) if c[0] > 0 and c[1] > 0 else np.nan)
table("S", shared)
report("L0 + m S² + n S", shared, "mn", (np.square, lambda x: x), lambda c: -c[1] / (2 * c[0]) if c[0] > 0 else np.nan)
for total, curves in active.items():
    table(f"M = {total} N: K/M", curves)
figure, axes = plt.subplots(1, 4, figsize=(15, 4), sharey=True, constrained_layout=True)
draw(axes[0], grain, "granularity G = 1/N_e", True)
draw(axes[1], shared, "shared part S of the active experts", False)
for ax, (total, curves) in zip(axes[2:], active.items()):
    draw(ax, curves, f"active part K/M of M = {'' if total == 1 else f'{total} '}N experts", True)
losses = np.concatenate([curve[1] for curves in (grain, shared, *active.values()) for curve in curves.values()])
axes[0].set_ylim(losses.min() - 0.1, losses.max() + 0.1)  # not for the longest bars
axes[0].set_ylabel("loss at the best rate (bars: 2 errors)")
axes[0].legend(frameon=False)
figure.savefig(asked.output, dpi=80)
