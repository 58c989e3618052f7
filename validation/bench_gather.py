#!/usr/bin/env python3
"""Top-K at finite width: gathered tokens against dense products.

Builds the program twice and prints the ratio of seconds per network (dense / gathered; above 1: gathering wins) for
several expert widths N_e, active fractions and batch sizes. About a minute on one core. Run from the repository root.
"""
import subprocess
import tempfile

import h5py

WIDTHS = {"gathered": 1, "dense": 1000000}  # MDM_GATHER_WIDTH: gather from this N_e on


def seconds(folder, build, Ne, fraction, P):
    path = f"{folder}/gather.h5"
    settings = ["simulate.widths=128", "simulate.seeds=6", "train.steps=20", "train.lr=0.01", "output.kernels=false",
                f"model.expert_width={Ne}", f"model.active_fraction={fraction}", f"data.train={P}"]
    subprocess.run([f"build/bench-{build}/moedmft", "simulate", "-", "-o", path, "--force", "-q", "-t", "1", *[w for s in settings for w in ("--set", s)]],
                   check=True)
    with h5py.File(path) as f:
        return f["width_128/diagnostics/seconds"][0]


for build, width in WIDTHS.items():
    subprocess.run(["make", "-s", f"BUILD=build/bench-{build}", f"CFLAGS=-O3 -DMDM_GATHER_WIDTH={width}", f"build/bench-{build}/moedmft"],
                   check=True)
with tempfile.TemporaryDirectory() as folder:
    print("N_e fraction P dense/gathered")
    for P in (4, 32, 128):
        for fraction in (0.25, 0.0625):
            for Ne in (3, 8, 16, 64):
                rounds = [[seconds(folder, b, Ne, fraction, P) for b in WIDTHS] for _ in range(2)]
                gathered, dense = (sum(r[i] for r in rounds) for i in (0, 1))
                print(f"{Ne} {fraction} {P} {dense / gathered:.2f}", flush=True)
