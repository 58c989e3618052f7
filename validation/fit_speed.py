#!/usr/bin/env python3
"""How long `moedmft fit` takes for 4^5 starts and 1,000 resamples of 450 runs, beside scipy's L-BFGS-B doing the same (docs/laws.md). Needs scipy.

scipy runs every start on every resample; that would take hours, so a sample of them is timed and the time multiplied. It minimizes the same sum over the same runs with exact
derivatives, in numpy, by the same coordinates (logarithms of amplitudes), on one thread; its time is divided by the number of threads that moedmft has. moedmft runs every start on all runs,
and on a resample those that look best; what that leaves out, a sample of resamples shows, with every start run by both. Values of the sum from both are compared.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
from scipy.optimize import minimize

from fit_recovery import LAWS, write_csv

DELTA = 1e-3
TRIED = 4  # descents of moedmft on a resample: from the fit, and from three starts


def huber(r):
    size = np.abs(r) / DELTA
    return np.where(size <= 1, 0.5 * size ** 2, size - 0.5), np.clip(r / DELTA, -1, 1) / DELTA


def hoffmann(columns):
    """Sum and gradient by (ln E, ln A, alpha, ln B, beta)."""
    log_N, log_D, log_loss = np.log(columns["N"]), np.log(columns["D"]), np.log(columns["loss"])

    def target(z, rows):
        N, D = log_N[rows], log_D[rows]
        first, second = np.exp(z[1] - z[2] * N), np.exp(z[3] - z[4] * D)
        law = np.exp(z[0]) + first + second
        value, slope = huber(np.log(law) - log_loss[rows])
        slope /= law
        return value.sum(), np.array([slope.sum() * np.exp(z[0]), slope @ first, -slope @ (first * N), slope @ second, -slope @ (second * D)])
    low, high = [-3, 0, 0.05, 0, 0.05], [1, 15, 1.2, 15, 1.2]
    return target, low, high, [(None, None), (None, None), (0, 3), (None, None), (0, 3)]


def joint(columns):
    """Sum and gradient by (ln e, ln f, ln m, n, k, ln h, ln a, alpha, ln b, beta, ln c, ln epsilon)."""
    N, D, N_a, G, S, loss = (columns[k] for k in ("N", "D", "N_a", "G", "S", "loss"))
    data = np.log(N), np.log(D), np.log(N_a), G, S, N_a / N, np.log(loss)

    def target(z, rows):
        lN, lD, la, g, s, ratio, log_loss = (x[rows] for x in data)
        e, f, m, h, a, b, c, epsilon = np.exp(z[[0, 1, 2, 5, 6, 8, 10, 11]])
        n, k, alpha, beta = z[3], z[4], z[7], z[9]
        PN, PA, PD = np.exp(-alpha * lN), np.exp(-alpha * la), np.exp(-beta * lD)
        bracket, sizes = e * g + f / g + m * s * s + n * s, PN + k * PA + h * ratio
        law = bracket * sizes + a * PN + b * PD + c * PA + epsilon
        if not (law > 0).all():
            return 1e12, np.zeros_like(z)
        value, slope = huber(np.log(law) - log_loss)
        slope /= law
        by_alpha = -(bracket * (PN * lN + k * PA * la) + a * PN * lN + c * PA * la)
        return value.sum(), np.array([slope @ (e * g * sizes), slope @ (f / g * sizes), slope @ (m * s * s * sizes), slope @ (s * sizes), slope @ (bracket * PA),
                                      slope @ (bracket * h * ratio), slope @ (a * PN), slope @ by_alpha, slope @ (b * PD), -slope @ (b * PD * lD), slope @ (c * PA),
                                      slope.sum() * epsilon])
    low = [-3, 0, 0, -10, -0.5, -9, 0, 0.05, 0, 0.05, 0, -1]
    high = [1, 3, 3, 0, 2, 1, 7, 0.6, 15, 0.8, 7, 1]
    bounds = [(-27, 90)] * 12
    bounds[3] = bounds[4] = (-1e6, 1e6)
    bounds[7] = bounds[9] = (0, 3)
    return target, low, high, bounds


def time_scipy(problem, n, seconds):
    """Seconds of one descent, the number timed, and the smallest value on all runs."""
    target, low, high, bounds = problem
    random, spent, descents, best = np.random.default_rng(0), 0.0, 0, np.inf
    while spent < seconds:
        first = descents % 2 == 0  # all runs, then a resample
        rows = np.arange(n) if first else random.integers(0, n, n)
        start = random.uniform(low, high)
        begin = time.perf_counter()
        with np.errstate(all="ignore"):
            found = minimize(target, start, args=(rows,), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000, "maxfun": 5000})
        spent += time.perf_counter() - begin
        descents += 1
        if first:
            best = min(best, found.fun)
    return spent / descents, descents, best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.environ.get("MOEDMFT_BIN", "build/moedmft"))
    parser.add_argument("--runs", type=int, default=450)
    parser.add_argument("--noise", type=float, default=5e-3)
    parser.add_argument("--starts", type=int, default=1024)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10, help="that scipy is timed for, with each law")
    args = parser.parse_args()
    for name, problem in (("hoffmann", hoffmann), ("joint", joint)):
        columns, _ = LAWS[name](np.random.default_rng(1), args.runs, args.noise)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "runs.csv")
            write_csv(path, columns)
            begin = time.perf_counter()
            said = subprocess.run([args.program, "fit", path, "--law", name, "--format", "json", "-t", str(args.threads), "--starts", str(args.starts), "--bootstrap",
                                   str(args.resamples)], check=True, capture_output=True, text=True)
            ours = time.perf_counter() - begin
        fit = json.loads(said.stdout)
        each, descents, best = time_scipy(problem(columns), args.runs, args.seconds)
        theirs = each * args.starts * (args.resamples + 1) / args.threads
        print(f"{name}: moedmft {ours:.1f} s; scipy {1e3 * each:.2f} ms a descent ({descents} timed), {theirs:.0f} s on {args.threads} threads; ratio {theirs / ours:.0f}")
        checked = fit["bootstrap"]["checked"]
        few = args.starts * (1 + checked) + args.resamples * TRIED
        print(f"  descents: moedmft {few} instead of {args.starts * (args.resamples + 1)}, {1e3 * ours * args.threads / few:.2f} ms each with all else; ratio {each * few / args.threads / ours:.1f}")
        print(f"  smallest sum on all runs: moedmft {fit['loss'] / DELTA ** 2:.6f} from {fit['starts']['agreed']} of {fit['starts']['run']} starts, scipy {best:.6f} "
              f"from {(descents + 1) // 2}; resamples run from every start: {fit['bootstrap']['checked']}, better than from the chosen ones: {fit['bootstrap']['better']}")


if __name__ == "__main__":
    sys.exit(main())
