#!/usr/bin/env python3
"""Regime III: bias and noise from sampling neurons inside experts.

For several splits into E expert particles and J neurons each, prints the mean prediction's distance (RMS over steps and
samples, noise removed) from that of a large split, its spread between replicas, and the seconds per replica. About six
minutes on two cores. Usage: validation/bench_inner.py [path of moedmft]

With --twins: muP with 8 and with 128 neurons in a sampled expert (the same number in all), 96 replicas. Prints, for predictions and for
squares of rho and of what it drives, how far the two are apart in combined standard errors: root mean square and maximum over entries.
"""
import subprocess
import sys
import tempfile

import h5py
import numpy as np

words = [w for w in sys.argv[1:] if w != "--twins"]
PROGRAM = words[0] if words else "build/moedmft"
SPLITS = {"mup": [(2048, 64), (200, 4), (200, 8), (200, 16), (200, 32), (800, 8), (800, 16), (50, 64)],
          "mssp": [(256, 1024), (64, 256), (128, 256), (256, 256), (64, 512), (128, 512), (64, 1024)]}
STREAM = 8000


def measure(folder, parameterization, experts, neurons, replicas):
    path = f"{folder}/inner.h5"
    settings = ["model.regime=III", f"model.parameterization={parameterization}", f"solve.particles={STREAM}", "output.kernels=false",
                f"solve.expert_particles={experts}", f"solve.neuron_particles={neurons}", f"solve.replicas={replicas}"]
    subprocess.run([PROGRAM, "solve", "-", "-o", path, "--force", "-q", *[w for s in settings for w in ("--set", s)]], check=True)
    with h5py.File(path) as f:
        return (f["observables/train/prediction"][()], f["observables/train/prediction_stderr"][()], f["diagnostics/seconds"][0])


def solve_twins(folder, experts, neurons):
    path = f"{folder}/twins.h5"
    settings = ["model.regime=III", "model.parameterization=mup", f"solve.particles={STREAM}", f"solve.expert_particles={experts}",
                f"solve.neuron_particles={neurons}", "solve.replicas=96"]
    subprocess.run([PROGRAM, "solve", "-", "-o", path, "-q", "--force", *[w for s in settings for w in ("--set", s)]], check=True)
    with h5py.File(path) as f:
        return {name: (f[name][()], f[name + "_stderr"][()]) for name in TWINS}


TWINS = ["observables/train/prediction", "observables/rms/rho", "observables/rms/r", "observables/overlap/Q", "kernels/Q/backward",
         "kernels/W_in/backward"]
if "--twins" in sys.argv:
    with tempfile.TemporaryDirectory() as folder:
        few, many = solve_twins(folder, 1500, 8), solve_twins(folder, 100, 128)
    for name in TWINS:
        (a, error_a), (b, error_b) = few[name], many[name]
        error = np.hypot(error_a, error_b)
        z = ((a - b) / np.where(error > 1e-9, error, np.inf)).ravel()
        print(f"{name} {np.sqrt((z**2).mean()):.2f} {abs(z).max():.2f}  largest difference {abs(a - b).max():.1e}, at the start "
              f"{np.ravel(a)[0]:.1e} and {np.ravel(b)[0]:.1e}")
    sys.exit()

with tempfile.TemporaryDirectory() as folder:
    print("parameterization E J bias noise_of_bias spread seconds")
    for parameterization, splits in SPLITS.items():
        best, best_error, _ = measure(folder, parameterization, *splits[0], 6)
        for experts, neurons in splits[1:]:
            replicas = 24
            mean, error, seconds = measure(folder, parameterization, experts, neurons, replicas)
            noise2 = (error**2 + best_error**2).mean()
            bias2 = ((mean - best)**2).mean() - noise2
            print(f"{parameterization} {experts} {neurons} {np.sqrt(max(bias2, 0)):.5f} {np.sqrt(noise2):.5f} "
                  f"{np.sqrt((error**2).mean() * replicas):.5f} {seconds:.3f}", flush=True)
