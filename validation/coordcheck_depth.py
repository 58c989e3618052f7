#!/usr/bin/env python3
"""The coordinate check along the depth: writes the tables of docs/coordinate-check.md (Residual blocks) between its markers, and
docs/coordinate-check-depth.png. Everything is computed by `moedmft coordcheck` and drawn by `moedmft plot`.

Usage: validation/coordcheck_depth.py [path of moedmft]    (three minutes on one core; files that are there and complete stay)
Exit status 1 when a power of the depth deviates from its prediction.
"""
import os
import re
import subprocess
import sys

import h5py
import numpy as np

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MOEDMFT_BIN", "build/moedmft")
CASES = [("mssp", 1), ("mssp", 0.5), ("mup", 1), ("mup", 0.5)]
PRODUCTS = ["W_in/forward", "Q/forward", "W1/forward", "W2/forward", "w_out/forward", "w_out/backward", "W2/backward", "Q/backward",
            "W1/backward", "r/backward", "stream/forward"]
PARTS = ["init", "propagating", "effective", "cross", "learned", "update", "total"]
ROWS = [("W2/forward", "init"), ("W2/forward", "effective"), ("Q/forward", "effective"), ("W1/forward", "effective"),
        ("W1/forward", "propagating"), ("W2/backward", "learned"), ("r/backward", "propagating"), ("r/backward", "cross"),
        ("stream/forward", "init"), ("stream/forward", "propagating"), ("stream/forward", "learned")]
LARGEST = "width_64"
DOCUMENT, PICTURE = "docs/coordinate-check.md", "docs/coordinate-check-depth.png"


def path_of(name, b):
    return f"out/coordcheck-depth-{name}-{b}.h5"


def words(name, b):
    settings = ["model.depth=4", "model.norm=rms", "model.output=norm", "model.input=linear", f"model.parameterization={name}",
                f"model.branch_exponent={b}", "train.steps=8", "output.kernels=false", "solve.particles=6000", "simulate.widths=[16,32,64]",
                "simulate.seeds=32", "solve.depths=[4,8,16]", "simulate.depths=[4,8,16]"]
    return [w for s in settings for w in ("-s", s)]


def run(name, b):
    subprocess.run([PROGRAM, "coordcheck", "-", "-q", "-t", "1", "-o", path_of(name, b), *words(name, b)], check=True)
    with h5py.File(path_of(name, b)) as file:
        series = {s: {key: file[f"depths/{s}/parts/{key}"][()] for key in file[f"depths/{s}/parts"]} for s in file["depths"]}
        return {"N": {key: file["coordcheck"][key][()] for key in file["coordcheck"]}, **series}


def power(x):
    return "–" if np.isnan(x) else "none" if np.isinf(x) else {0: "0", -0.5: "−1/2", -1: "−1", -1.5: "−3/2"}.get(float(x), f"{x:g}")


def predicted(parts, at):
    low, high = parts["lowest"][at], parts["predicted"][at]
    return power(high) if np.isnan(high) or low == high else f"{power(low)} to {power(high)}"


def measured(parts, at):
    p, error = parts["exponent"][at], parts["exponent_stderr"][at]
    return "–" if np.isnan(p) else f"{p:.2f} ± {error:.2f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def powers(results):
    for product, part in ROWS:
        at, row = (PRODUCTS.index(product), PARTS.index(part)), [f"`{product}` {part}"]
        for case in CASES:
            limit, networks = results[case]["limit"], results[case][LARGEST]
            row += [predicted(limit, at), measured(limit, at), measured(networks, at)]
        yield row


def counts(results):
    for name, b in CASES:
        found, row = results[name, b], [name, f"{b:g}"]
        for series in ("limit", "width_16", "width_32", "width_64"):
            agrees = found[series]["agrees"]
            row.append(f"{int(np.nansum(agrees))} / {int(np.sum(agrees == 0))}")
        agrees, exponent = found["N"]["agrees"], found["N"]["exponent"]
        row.append(f"{int(np.nansum(agrees))} / {int(np.sum(np.isnan(agrees) & ~np.isnan(exponent)))} / {int(np.sum(agrees == 0))}")
        yield row


def replace(text, marker, content):
    pattern = re.compile(f"(<!-- begin {marker} -->\n).*?(<!-- end {marker} -->)", re.S)
    assert pattern.search(text), f"{DOCUMENT} has no marker {marker}"
    return pattern.sub(lambda m: m.group(1) + content + "\n" + m.group(2), text)


def main():
    os.makedirs("out", exist_ok=True)
    results = {case: run(*case) for case in CASES}
    head = ["part"] + [f"{name}, b = {b:g}: {what}" for name, b in CASES for what in ("predicted", "limit", "N = 64")]
    commands = [" ".join(["moedmft coordcheck - -o", path_of(*case)] + [f"'{w}'" if "[" in w else w for w in words(*case)]) for case in CASES]
    parts = [("depth powers", table(head, powers(results))),
             ("depth counts", table(["rows", "b", "limit, in L", "N = 16", "N = 32", "N = 64", "in N, four blocks"], counts(results))),
             ("depth commands", "```sh\n" + "\n".join(commands) + "\n```")]
    subprocess.run([PROGRAM, "plot", path_of("mssp", 1), "-o", PICTURE, "--what", "depths"], check=True)
    with open(DOCUMENT) as file:
        text = file.read()
    for marker, content in parts:
        text = replace(text, marker, content)
    with open(DOCUMENT, "w") as file:
        file.write(text)
    return int(any(np.any(found[s]["agrees"] == 0) for found in results.values() for s in found if s != "N"))


if __name__ == "__main__":
    sys.exit(main())
