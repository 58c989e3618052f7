#!/usr/bin/env python3
"""What the choice of sizes by solve.accuracy rests on: bias over squared spread of small samples, and what experts and neurons contribute to the
spread of one replica where experts share neurons; the numbers of "Sizes from accuracy" in docs/engineering.md.

usage: validation/accuracy_pilot.py [build/moedmft] [bias|spread]

bias: c = bias / v of the loss, v the squared spread of one replica (both relative, root mean squares over steps), REPLICAS replicas of small samples against
REFERENCE of 5,000 particles; its noise; and the part of c that fluctuations of the predictions have in a squared loss, var f / 2.
spread: spread of one replica with many and with few experts, and of their difference, replica by replica with the same draws.
Five minutes of processor time.
"""
import subprocess
import sys
import tempfile

import h5py
import numpy as np

REPLICAS, REFERENCE, RUNS = 600, 200, 16
TOP = ["model.active_fraction=0.25", "train.lr=0.1"]
III = ["model.regime=III", "solve.neuron_particles=250"]
BIAS = {  # name: settings, (sizes of a small sample …), sizes of the reference
    "II, MSSP": ([], (["solve.particles=150"], ["solve.particles=300"]), []),
    "I, MSSP": (["model.regime=I"], (["solve.particles=300"], ["solve.particles=600"]), []),
    "III, MSSP": (III, (["solve.particles=1200", "solve.expert_particles=16"], ["solve.particles=1200", "solve.expert_particles=32"]), ["solve.expert_particles=100", "solve.neuron_particles=1000"]),
    "II, MSSP, top-1/4": (TOP, (["solve.particles=150"], ["solve.particles=300"]), []),
}
THIRD = ["model.regime=III", "solve.particles=1500", "solve.neuron_particles=300"]
SPREAD = {"III, MSSP": (THIRD, 100, 32), "III, MSSP, top-1/4": ([*THIRD, *TOP], 256, 64)}


def solve(program, folder, words):
    """The open file of one solution."""
    path = f"{folder}/limit.h5"
    settings = [w for s in ["output.kernels=false", "output.statistics=false", *words] for w in ("-s", s)]
    subprocess.run([program, "solve", "-", "-q", "--force", "-t", "1", "-o", path, *settings], check=True)
    return h5py.File(path)


def rms(x):
    return float(np.sqrt(np.mean(np.square(x))))


def sample(program, folder, words, replicas):
    with solve(program, folder, [*words, f"solve.replicas={replicas}", "output.every_seed=false"]) as f:
        loss, error = f["observables/train/loss"][...], f["observables/train/loss_stderr"][...]
        predictions = f["observables/train/prediction_stderr"][...]
    half = replicas * np.square(predictions).mean(axis=tuple(range(1, predictions.ndim))) / 2
    return loss, error, half


def bias(program, folder):
    print("| case | sample | c | noise | of it var f / 2 |\n|---|---|---|---|---|")
    for name, (words, samples, large) in BIAS.items():
        reference = sample(program, folder, [*words, "solve.particles=5000", *large, "seed=2"], REFERENCE)
        for sizes in samples:
            loss, error, half = sample(program, folder, [*words, *sizes], REPLICAS)
            size, v = rms(reference[0]), (rms(error) / rms(reference[0])) ** 2 * REPLICAS
            noise = rms(np.hypot(error, reference[1]))
            off = np.sqrt(max(0, rms(loss - reference[0]) ** 2 - noise ** 2))
            chosen = ", ".join(s.split("solve.")[1].replace("_particles", "").replace("=", " ") for s in sizes)
            print(f"| {name} | {chosen} | {off / size / v:.1f} | {noise / size / v:.1f} | {rms(half) / size / v:.1f} |", flush=True)


def losses(program, folder, words):
    with solve(program, folder, [*words, f"solve.replicas={RUNS}", "output.every_seed=true"]) as f:
        found = []
        f.visit(lambda n: found.append(n) if n.endswith("train/loss") and n != "observables/train/loss" else None)
        each = np.array([f[n][...] for n in found])
    return each.reshape(-1, each.shape[-1])


def spread(program, folder):
    print("| case | experts | spread of one | experts | spread of one | difference |\n|---|---|---|---|---|---|")
    for name, (words, many, few) in SPREAD.items():
        a, b = (losses(program, folder, [*words, f"solve.expert_particles={e}"]) for e in (many, few))
        one = [rms(x.std(axis=0, ddof=1)) / rms(a.mean(axis=0)) for x in (a, b, b - a)]
        print(f"| {name} | {many} | {one[0]:.4f} | {few} | {one[1]:.4f} | {one[2]:.4f} |", flush=True)


def main():
    words = sys.argv[1:]
    parts = [w for w in words if w in ("bias", "spread")] or ["bias", "spread"]
    program = next((w for w in words if w not in ("bias", "spread")), "build/moedmft")
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            {"bias": bias, "spread": spread}[part](program, folder)


if __name__ == "__main__":
    main()
