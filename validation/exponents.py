#!/usr/bin/env python3
"""Do networks behave as `moedmft classify` says? Exponents of f at the start and of its first step, predicted and measured.

For each regime and parameterization: f(0) of networks, RMS over seeds and samples, and f(1) − f(0) after one SGD step of
a rate so small that the step is linear, are fitted to powers of N. The prediction for the step is the largest exponent in
classify's column "step of f". Printed as a Markdown table with z = (measured − predicted) / standard error, where the
error is the larger of the bootstrap error over seeds and 0.03 (corrections of relative order N^-1/2 at these widths).
Exit status 1 when any |z| > 3. About two minutes on two cores. Usage: validation/exponents.py [path of moedmft]
"""
import re
import subprocess
import sys
import tempfile

import h5py
import numpy as np

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/moedmft"
WIDTHS = [32, 64, 128, 256]
SEEDS = 64
CASES = [(regime, name) for regime in ("I", "II", "III") for name in ("mup", "mssp", "ntp", "standard")]


def options(regime, name):
    base = [f"model.regime={regime}", f"model.parameterization={name}"]
    base += ["model.expert_width_ratio=0.25"] if regime != "II" else []
    return [w for s in base for w in ("--set", s)]


def predicted(regime, name):
    text = subprocess.run([PROGRAM, "classify", "-", *options(regime, name)], capture_output=True, text=True, check=True).stdout
    number = lambda word: eval(word.rstrip("!"), {}) if word.rstrip("!") not in ("-", "none") else None
    start = number(re.search(r"f at the start ~ n\^(\S+)", text).group(1))
    rows = [line.split() for line in text.splitlines() if re.match(r"(W_in|Q|W1|W2|w_out)\s", line)]
    steps = [number(row[7]) for row in rows]
    return start, max(step for step in steps if step is not None)


def measure(regime, name, folder):
    path = f"{folder}/exponents.h5"
    small = ["train.steps=1", "train.lr=1e-7", f"simulate.widths={WIDTHS}", f"simulate.seeds={SEEDS}", "output.every_seed=true",
             "output.kernels=false"]
    subprocess.run([PROGRAM, "simulate", "-", "-o", path, "--force", "-q", *options(regime, name), *[w for s in small for w in ("--set", s)]],
                   check=True)
    with h5py.File(path) as file:
        f = np.array([file[f"width_{N}/members/observables/train/prediction"][..., 0] for N in WIDTHS])
    return f[:, :, 0], f[:, :, 1] - f[:, :, 0]  # width × seed × sample


def slope(values, rng):
    """Exponent of the RMS over seeds and samples, and its bootstrap error."""
    fit = lambda pick: np.polyfit(np.log(WIDTHS), 0.5 * np.log((values[:, pick]**2).mean((1, 2))), 1)[0]
    samples = [fit(rng.integers(SEEDS, size=SEEDS)) for _ in range(200)]
    return fit(np.arange(SEEDS)), np.std(samples)


def main():
    rng, worst = np.random.default_rng(0), 0
    print("| regime | parameterization | f(0): predicted | measured | z | first step: predicted | measured | z |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for regime, name in CASES:
            cells = [regime, name]
            for expected, values in zip(predicted(regime, name), measure(regime, name, folder)):
                found, error = slope(values, rng)
                z = (found - expected) / max(error, 0.03)
                worst = max(worst, abs(z))
                cells += [f"{expected:g}", f"{found:.3f} ± {error:.3f}", f"{z:+.1f}"]
            print("| " + " | ".join(cells) + " |", flush=True)
    return worst > 3


if __name__ == "__main__":
    sys.exit(main())
