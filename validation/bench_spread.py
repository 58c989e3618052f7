#!/usr/bin/env python3
"""Sampling noise of the limit per unit of cost: which population is short, what moment matching buys.

Prints, for several splits of particles and for both parameterizations of Regime II, the spread of the predictions between
replicas (RMS over steps and samples), the seconds per replica, and spread² × seconds relative to the default split (lower
is better). About three minutes on two cores. Usage: validation/bench_spread.py [path of moedmft]
"""
import subprocess
import sys
import tempfile

import h5py
import numpy as np

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/moedmft"
REPLICAS = 32
SPLITS = [(4000, 2000), (8000, 2000), (4000, 4000), (2000, 4000), (8000, 1000)]


def measure(folder, parameterization, stream, experts):
    path = f"{folder}/spread.h5"
    settings = [f"model.parameterization={parameterization}", f"solve.particles={stream}", "output.kernels=false",
                f"solve.expert_particles={experts}", f"solve.replicas={REPLICAS}"]
    subprocess.run([PROGRAM, "solve", "-", "-o", path, "--force", "-q", "-t", "1", *[w for s in settings for w in ("--set", s)]], check=True)
    with h5py.File(path) as f:
        spread = f["observables/train/prediction_stderr"][()] * REPLICAS**0.5
        return np.sqrt((spread**2).mean()), f["diagnostics/seconds"][0]


with tempfile.TemporaryDirectory() as folder:
    print("parameterization stream experts spread seconds cost_at_equal_error")
    for parameterization in ("mssp", "mup"):
        base = None
        for stream, experts in SPLITS:
            spread, seconds = measure(folder, parameterization, stream, experts)
            base = base or spread**2 * seconds
            print(f"{parameterization} {stream} {experts} {spread:.5f} {seconds:.3f} {spread**2 * seconds / base:.2f}", flush=True)
