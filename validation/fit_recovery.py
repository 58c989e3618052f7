#!/usr/bin/env python3
"""How often the intervals of `moedmft fit` hold the truth (docs/laws.md).

Runs are drawn from known laws with normal noise of ln(loss), fitted, and compared: for every parameter the share of repetitions in which its 95 % interval holds the
true value, by the bootstrap and by profiles, with the standard error of that share. --quick: few repetitions, status 1 where a share over all parameters is below 95 % by
more than four of its standard errors.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

# Besiroglu et al. 2024; the joint law: a secondary source, not checked against the paper
HOFFMANN = dict(E=1.8172, A=482.01, alpha=0.3478, B=2085.43, beta=0.3658)
JOINT = dict(e=0.1577, f=7.2446, m=5.1395, n=-3.2363, k=0.0013, h=0.0450, a=38.051, alpha=0.2383, b=27129.05, beta=0.4694, c=31.096, epsilon=1.8182)
POWER = dict(L_inf=0.25, a=1.5, p=1.0)
TWO_ERRORS = {3: 4.5265, 4: 3.3068, 8: 2.4288, 32: 2.0794}  # what Student's t of so many runs exceeds as rarely as two errors are by a normal distribution


def log_uniform(random, low, high, n):
    return np.exp(random.uniform(np.log(low), np.log(high), n))


def hoffmann(random, n, noise):
    N, D = log_uniform(random, 5e7, 1.5e10, n), log_uniform(random, 1e9, 5e11, n)
    p = HOFFMANN
    loss = (p["E"] + p["A"] / N ** p["alpha"] + p["B"] / D ** p["beta"]) * np.exp(noise * random.standard_normal(n))
    return dict(N=N, D=D, loss=loss), p


def joint_law(p, N, D, N_a, G, S):
    bracket = p["e"] * G + p["f"] / G + p["m"] * S ** 2 + p["n"] * S
    alpha = p["alpha"]
    return (bracket * (N ** -alpha + p["k"] * N_a ** -alpha + p["h"] * N_a / N) + p["a"] * N ** -alpha + p["b"] * D ** -p["beta"] +
            p["c"] * N_a ** -alpha + p["epsilon"])


def joint(random, n, noise):
    N_a = log_uniform(random, 1e7, 2e9, n)
    N, D = N_a * log_uniform(random, 1, 30, n), log_uniform(random, 1e9, 5e11, n)
    G, S = random.integers(1, 21, n).astype(float), random.integers(0, 5, n) / 5
    loss = joint_law(JOINT, N, D, N_a, G, S) * np.exp(noise * random.standard_normal(n))
    return dict(N=N, D=D, N_a=N_a, G=G, S=S, loss=loss), JOINT


def power(random, n, noise, seeds=0, plain=False):
    """n widths from 16 on and the limit, all with errors: known ones, or those of the mean of so many runs, times what Student's t adds unless plain."""
    N = 16.0 * 2.0 ** np.arange(n)
    law = np.append(POWER["L_inf"] + POWER["a"] / N ** POWER["p"], POWER["L_inf"])
    error = noise * law
    if not seeds:
        return dict(N=np.append(N, np.inf), loss=law + error * random.standard_normal(n + 1), loss_error=error), POWER
    runs = law[:, None] + np.sqrt(seeds) * error[:, None] * random.standard_normal((n + 1, seeds))
    found = runs.std(axis=1, ddof=1) / np.sqrt(seeds) * (1 if plain else TWO_ERRORS[seeds] / 2)
    return dict(N=np.append(N, np.inf), loss=runs.mean(axis=1), loss_error=found), POWER


LAWS = dict(hoffmann=hoffmann, joint=joint, power=power)


def write_csv(path, columns):
    with open(path, "w", encoding="ascii") as file:
        file.write(",".join(columns) + "\n")
        for row in zip(*columns.values()):
            file.write(",".join(repr(float(x)) for x in row) + "\n")


def one(args, seed):
    few = (args.seeds, args.plain) if args.law == "power" else ()
    columns, truth = LAWS[args.law](np.random.default_rng(seed), args.runs, args.noise, *few)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "runs.csv")
        write_csv(path, columns)
        said = subprocess.run([args.program, "fit", path, "--law", args.law, "--format", "json", "-t", "1", "--starts", str(args.starts), "--bootstrap",
                               str(args.bootstrap), *args.extra], check=True, capture_output=True, text=True)
    fit = json.loads(said.stdout)
    held = {}
    for name, p in fit["parameters"].items():
        if p["fixed"] and p["low"] == p["high"]:
            continue
        held[name] = [p["low"] <= truth[name] <= p["high"], p["profile_low"] <= truth[name] <= p["profile_high"], p["value"]]
    optimum = {"G": np.sqrt(JOINT["f"] / JOINT["e"]), "S": -JOINT["n"] / (2 * JOINT["m"])} if args.law == "joint" else {}
    for name, value in optimum.items():
        number = fit["optimum"][name]
        held["best " + name] = [number["low"] <= value <= number["high"], np.nan, number["value"]]
    return held, truth | {"best " + k: v for k, v in optimum.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.environ.get("MOEDMFT_BIN", "build/moedmft"))
    parser.add_argument("--law", choices=LAWS, default="hoffmann")
    parser.add_argument("--runs", type=int, default=450, help="of power: widths, besides the limit")
    parser.add_argument("--noise", type=float, default=5e-3, help="standard deviation of ln(loss)")
    parser.add_argument("--seeds", type=int, default=0, choices=[0, *TWO_ERRORS], help="of power: runs of every width, whose spread is the error; 0: errors are known")
    parser.add_argument("--plain", action="store_true", help="with --seeds: errors without Student's t, as no file of the program is read")
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--starts", type=int, default=16)
    parser.add_argument("--bootstrap", type=int, default=400)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--quick", action="store_true")
    args, args.extra = parser.parse_known_args()
    if args.quick:
        args.repeats, args.bootstrap = min(args.repeats, 60), min(args.bootstrap, 100)
    with ThreadPoolExecutor(args.jobs) as pool:
        found = list(pool.map(lambda seed: one(args, seed), range(args.repeats)))
    truth = found[0][1]
    print(f"{args.law}: {args.runs} runs, noise {args.noise:g}, {args.repeats} repetitions, {args.bootstrap} resamples {' '.join(args.extra)}")
    print(f"{'':10}{'truth':>12}{'mean':>12}{'bootstrap':>18}{'profile':>18}")
    shares = []
    for name in found[0][0]:
        held = np.array([f[0][name] for f in found], dtype=float)
        share = held[:, :2].mean(axis=0)
        error = np.sqrt(share * (1 - share) / len(held))
        shares.append(share)
        print(f"{name:10}{truth[name]:12.5g}{held[:, 2].mean():12.5g}" + "".join(f"{s:12.3f} ± {e:.3f}" if s == s else f"{'-':>18}" for s, e in zip(share, error)))
    mean = np.nanmean(shares, axis=0)
    error = np.sqrt(0.05 * 0.95 / args.repeats)  # of parameters that go together, at most
    print(f"{'all':10}{'':24}" + "".join(f"{s:12.3f} ± {error:.3f}" for s in mean))
    return int(args.quick and bool((mean < 0.95 - 4 * error).any()))


if __name__ == "__main__":
    sys.exit(main())
