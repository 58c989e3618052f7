#!/usr/bin/env python3
"""What another BLAS kernel changes: the same limits and networks under several of OpenBLAS' kernels (OPENBLAS_CORETYPE), against the processor's own.

    python3 validation/kernels.py [KERNEL ...]      default: Haswell Nehalem

Prints, for predictions over all steps, the largest difference, and for limits also the root mean square and the largest one in standard errors of
the 6 replicas (of one of the two: both have the same seeds). About half a minute.
"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(os.path.dirname(__file__), "..", "build", "moedmft"))
CASES = {"soft": [], "top-K": ["model.active_fraction=0.25", "train.lr=0.2"], "Adam": ["train.optimizer=adam", "train.lr=0.05"],
         "top-K, Adam": ["model.active_fraction=0.25", "train.optimizer=adam", "train.lr=0.02"]}
SIZES = {"solve": ["solve.replicas=6", "solve.particles=2000"], "simulate": ["simulate.widths=[64]", "simulate.seeds=6"]}


def predictions(folder, task, settings, kernel):
    path = os.path.join(folder, "kernels.h5")
    environment = {**os.environ, **({"OPENBLAS_CORETYPE": kernel} if kernel else {})}
    subprocess.run([PROGRAM, task, "-", "-q", "--force", "-t", "1", "-o", path, *[w for s in settings for w in ("-s", s)]], check=True, env=environment)
    with h5py.File(path) as f:
        group = f if task == "solve" else f["width_64"]
        return group["observables/train/prediction"][()], group["observables/train/prediction_stderr"][()]


def main():
    print("| | precision | kernel | largest difference | in standard errors: root mean square | largest |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for task, sizes in SIZES.items():
            for name, case in CASES.items():
                for precision in ("single", "double"):
                    settings = [*case, *sizes, f"{task}.precision={precision}"]
                    own, error = predictions(folder, task, settings, None)
                    for kernel in sys.argv[1:] or ("Haswell", "Nehalem"):
                        other, _ = predictions(folder, task, settings, kernel)
                        z = (other - own)[error > 1e-6] / error[error > 1e-6]
                        print(f"| {task} {name} | {precision} | {kernel} | {np.abs(other - own).max():.1e} | {np.sqrt(np.mean(z**2)):.2g} | {np.abs(z).max():.2g} |", flush=True)


main()
