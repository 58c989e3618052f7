#!/usr/bin/env python3
"""The refined coordinate check of muP and MSSP in Regimes I, II, III: writes the tables of docs/coordinate-check.md, between its
markers, and docs/coordinate-check.png. Everything is computed by `moedmft coordcheck`; this script only arranges it.

Usage: validation/coordcheck.py [--quick] [path of moedmft]    (about five minutes on two cores; --quick writes to out/ alone)
Exit status 1 when a part deviates from its prediction or a promise is broken.
"""
import os
import re
import subprocess
import sys

import h5py
import numpy as np

WORDS = [w for w in sys.argv[1:] if w != "--quick"]
QUICK = "--quick" in sys.argv
PROGRAM = WORDS[0] if WORDS else os.environ.get("MOEDMFT_BIN", "build/moedmft")
WIDTHS = {"I": [32, 64, 128, 256], "II": [32, 64, 128, 256], "III": [16, 32, 64, 96]}
SEEDS = {"I": 64, "II": 64, "III": 40}
PRODUCTS = ["W_in/forward", "Q/forward", "W1/forward", "W2/forward", "w_out/forward",
            "w_out/backward", "W2/backward", "Q/backward", "W1/backward", "r/backward"]
PARTS = ["init", "propagating", "effective", "cross", "learned", "update", "total"]
DESIDERATA = ["stability", "feature learning", "maximal effective updates", "maximal propagating updates", "balanced aggregation"]
SHOWN = {"W2/forward": "a", "r/backward": "r"}
CASES = [(regime, name) for regime in ("I", "II", "III") for name in ("mup", "mssp")]
DOCUMENT, PICTURE = "docs/coordinate-check.md", "docs/coordinate-check.png"


def words(regime, name):
    settings = [f"model.regime={regime}", f"model.parameterization={name}", "train.steps=8", "output.kernels=false"]
    widths, seeds = WIDTHS[regime], SEEDS[regime]
    if QUICK:
        widths, seeds = widths[:3], 16
        settings += ["solve.particles=4000", "solve.replicas=4"]
    settings += [f"simulate.widths=[{','.join(map(str, widths))}]", f"simulate.seeds={seeds}"]
    return [w for s in settings for w in ("-s", s)]


def path_of(regime, name):
    return f"out/coordcheck-{regime}-{name}.h5"


def run(regime, name):
    subprocess.run([PROGRAM, "coordcheck", "-", "-q", "--force", "-o", path_of(regime, name), *words(regime, name)], check=True)
    with h5py.File(path_of(regime, name)) as file:
        return {key: file["coordcheck"][key][()] for key in file["coordcheck"]}


def exponent(x):
    if np.isnan(x):
        return "–"
    if np.isinf(x):
        return "none"
    return {0: "0", -0.5: "−1/2", -1: "−1", 0.5: "1/2"}.get(float(x), f"{x:g}")


def verdict(check, i, k):
    agrees = check["agrees"][i, k]
    return "nears the limit" if np.isnan(agrees) else "agrees" if agrees else "**deviates**"


def number(x):
    return f"{x:.4f}" if x == 0 or abs(x) >= 1e-4 else f"{x:.0e}"


def limit(check, i, k):
    """In parentheses where the part vanishes: then it is what sampling leaves of zero."""
    text = number(check["limit"][i, k])
    return f"({text})" if check["predicted"][i, k] < 0 else text


def rows_of(results, product):
    i = PRODUCTS.index(product)
    for regime, name in CASES:
        check = results[regime, name]
        for part in ("init", "propagating", "effective", "cross", "total"):
            k = PARTS.index(part)
            if np.all(check["rms"][i, k] == 0):
                continue
            measured = f"{check['exponent'][i, k]:.2f} ± {check['exponent_stderr'][i, k]:.2f}"
            yield [regime, name, part, number(check["rms"][i, k, 0]), number(check["rms"][i, k, -1]), limit(check, i, k),
                   exponent(check["predicted"][i, k]), measured, verdict(check, i, k)]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def other_parts(results):
    """What does not simply agree, in any product."""
    for case in CASES:
        check = results[case]
        for i, product in enumerate(PRODUCTS):
            for k, part in enumerate(PARTS):
                settled = check["agrees"][i, k] == 1 or part in ("learned", "update") or np.isnan(check["exponent"][i, k])
                if not settled:
                    measured = f"{check['exponent'][i, k]:.2f} ± {check['exponent_stderr'][i, k]:.2f}"
                    yield [*case, product, part, number(check["rms"][i, k, 0]), number(check["rms"][i, k, -1]),
                           limit(check, i, k), exponent(check["predicted"][i, k]), measured, verdict(check, i, k)]


def counts(results):
    for case in CASES:
        agrees = results[case]["agrees"]
        nears = np.isnan(agrees) & ~np.isnan(results[case]["exponent"])
        yield [*case, str(int(np.nansum(agrees))), str(int(nears.sum())), str(int((agrees == 0).sum()))]


def promises(results):
    say = lambda x: "not seen" if np.isnan(x) else "yes" if x else "no"
    for case in CASES:
        check = results[case]
        yield [*case, *[f"{say(p)} / {say(k)}" for p, k in zip(check["promised"], check["kept"])]]


def replace(text, marker, content):
    pattern = re.compile(f"(<!-- begin {marker} -->\n).*?(<!-- end {marker} -->)", re.S)
    assert pattern.search(text), f"{DOCUMENT} has no marker {marker}"
    return pattern.sub(lambda m: m.group(1) + content + "\n" + m.group(2), text)


def sections(results):
    head = ["regime", "rows", "part", "RMS, first N", "last N", "limit", "predicted p", "measured p", ""]
    yield "a", table(head, rows_of(results, "W2/forward"))
    yield "r", table(head, rows_of(results, "r/backward"))
    yield "others", table(["regime", "rows", "product", "part", "RMS, first N", "last N", "limit", "predicted p", "measured p", ""],
                          other_parts(results))
    yield "counts", table(["regime", "rows", "agrees", "nears the limit", "deviates"], counts(results))
    yield "promises", table(["regime", "rows", *DESIDERATA], promises(results))
    yield "commands", "```sh\n" + "\n".join(
        " ".join(["moedmft coordcheck -", "-o", path_of(*case)] + [f"'{w}'" if "[" in w else w for w in words(*case)]) for case in CASES) + "\n```"


def draw(results, path):
    try:
        import matplotlib
    except ImportError:
        return print(f"no matplotlib: {path} stays as it is")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    colours = {"total": "black", "init": "#0072b2", "propagating": "#e69f00", "effective": "#d55e00", "cross": "#cc79a7"}
    figure, axes = plt.subplots(2, 6, figsize=(15, 5.4), sharey="row")
    for column, (regime, name) in enumerate(CASES):
        check = results[regime, name]
        for row, product in enumerate(SHOWN):
            axis, i = axes[row, column], PRODUCTS.index(product)
            for part, colour in colours.items():
                k = PARTS.index(part)
                if np.all(check["rms"][i, k] == 0):
                    continue
                axis.errorbar(check["width"], check["rms"][i, k], 2 * check["rms_stderr"][i, k], fmt="o-", ms=4, lw=1, color=colour, label=part)
                if check["predicted"][i, k] == 0:
                    axis.axhline(check["limit"][i, k], ls="--", lw=1, color=colour)
            axis.set(xscale="log", yscale="log")
            axis.set_xticks(check["width"], [f"{w:.0f}" for w in check["width"]])
            axis.minorticks_off()
            axis.grid(alpha=0.3)
            axis.set_title(f"{SHOWN[product]}: Regime {regime}, {'μP' if name == 'mup' else 'MSSP'}", fontsize=10)
    for axis in axes[1]:
        axis.set_xlabel("width N")
    axes[0, 0].set_ylabel("RMS, aggregate")
    axes[1, 0].set_ylabel("RMS, gradient r")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncol=5, frameon=False)
    figure.text(0.99, 0.955, "bars: ± 2 standard errors", ha="right", fontsize=9)
    figure.tight_layout(rect=(0, 0, 1, 0.93))
    figure.savefig(path, dpi=90)


def main():
    os.makedirs("out", exist_ok=True)
    results = {case: run(*case) for case in CASES}
    parts = list(sections(results))
    for marker, content in parts:
        if marker != "commands":
            print(f"{marker}\n{content}\n")
    draw(results, "out/coordinate-check.png" if QUICK else PICTURE)
    if not QUICK:
        with open(DOCUMENT) as file:
            text = file.read()
        for marker, content in parts:
            text = replace(text, marker, content)
        with open(DOCUMENT, "w") as file:
            file.write(text)
    broken = any(np.any(c["agrees"] == 0) or np.any((c["promised"] == 1) & (c["kept"] == 0)) for c in results.values())
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
