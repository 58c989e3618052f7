#!/usr/bin/env python3
"""Whether solve.bias_check finds the bias that is there: small samples against a large one.

    python3 validation/bias_check.py [--program build/moedmft] [--seed 1] [CASE ...]

Each case is solved with few particles and solve.bias_check, and once more with FACTOR times as many and finer directions: the truth, up to that part of the bias. For losses,
predictions, sizes of fields and kernels the table has, as root mean squares over entries in units of the small solution's standard error: the true bias
(noise of both solutions removed), the estimate (likewise), and what is left of the bias when the estimate is subtracted, in units of the error that the
estimate and both solutions have together: about 1 where the estimate agrees within its error.
"""
import argparse
import os
import subprocess
import tempfile

import h5py
import numpy as np

CASES = {  # particles, replicas, options
    "I": (600, 256, ["model.regime=I"]),
    "II": (1000, 640, ["model.regime=II"]),
    "II, tolerance 0.3": (1000, 64, ["model.regime=II", "solve.tolerance=0.3"]),
    "II, top-1/4": (1024, 128, ["model.regime=II", "model.active_fraction=0.25"]),
    "II, Adam": (600, 64, ["model.regime=II", "train.optimizer=adam", "train.lr=0.05"]),
    "III": (800, 64, ["model.regime=III", "solve.expert_particles=80", "solve.neuron_particles=300"]),
    "III, μP": (800, 128, ["model.regime=III", "model.parameterization=mup"]),
}
PATHS = {"loss": "train/loss", "predictions": "train/prediction", "RMS of u": "rms/u", "RMS of y": "rms/y", "RMS of γ": "rms/gamma", "RMS of a": "rms/a"}
FACTOR = {"III": 4}  # else 16


def solve(program, folder, name, particles, replicas, words):
    file = os.path.join(folder, name + ".h5")
    args = [program, "solve", "-", "-q", "-t", "1", "-o", file, "-s", f"solve.particles={particles}", "-s", f"solve.replicas={replicas}", "-s", "output.kernels=false",
            "-s", "output.statistics=false", "-s", "output.every_seed=false", "-s", "solve.precision=double"]
    for word in words:
        args += ["-s", word]
    subprocess.run(args, check=True)
    return h5py.File(file)


def larger(words, factor):
    """The same with all populations so many times as large, and finer directions."""
    out = []
    for word in words:
        key, value = word.split("=")
        out.append(f"{key}={factor * int(value)}" if key.endswith("_particles") else word)
    return [w for w in out if not w.startswith("solve.tolerance")] + ["solve.tolerance=0.001"]


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


def known(square, noise):
    """Root of a mean square less that of its noise, with its sign."""
    rest = np.mean(np.square(square)) - np.mean(np.square(noise))
    return np.sign(rest) * np.sqrt(abs(rest))


def row(small, large, path, factor):
    a, s = (small[f"observables/{path}{t}"][...] for t in ("", "_stderr"))
    b, u = (large[f"observables/{path}{t}"][...] for t in ("", "_stderr"))
    e, v = (small[f"diagnostics/bias/observables/{path}{t}"][...] for t in ("", "_stderr"))
    e, v = (1 - 1 / factor) * e, (1 - 1 / factor) * v
    true, noise, unit = a - b, np.hypot(s, u), rms(s)
    left = rms(true - e) / rms(np.sqrt(s**2 + u**2 + v**2))
    return known(true, noise) / unit, known(e, v) / unit, rms(v) / unit, left


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/moedmft")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("case", nargs="*")
    a = parser.parse_args()
    print("| case | number | true bias | estimate | its error | rest, in errors |\n|---|---|---|---|---|---|")
    for name in a.case or CASES:
        particles, replicas, words = CASES[name]
        factor = FACTOR.get(name, 16)
        with tempfile.TemporaryDirectory() as folder:
            small = solve(a.program, folder, "small", particles, replicas, words + ["solve.bias_check=true", f"seed={a.seed}"])
            large = solve(a.program, folder, "large", factor * particles, max(8, 2 * replicas // factor), larger(words, factor) + [f"seed={a.seed + 1000}"])
            for label, path in PATHS.items():
                if f"observables/{path}" in small:
                    print("| {} | {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |".format(name, label, *row(small, large, path, factor)), flush=True)


main()
