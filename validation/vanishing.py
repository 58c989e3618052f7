#!/usr/bin/env python3
"""Vanishing parts that are read by their direction (docs/theory.md, section 16): limit against networks.

    python3 validation/vanishing.py [ROW …] [--threads N]

For every row two comparisons, printed as Markdown:
  the configuration itself: deviation of networks of several widths from the limit;
  its twin, whose networks have the same part at a fixed infinitesimal size (the surviving parameterization with model.init.* = 1e-4):
  they must agree with the same limit at once (top-K: like 1/N).
About 3 minutes on two idle cores. Exit status 1 when a twin is off by more than 3 standard errors and 2e-3 (top-K: or does not come closer), or the deviation of the
configuration does not fall.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
COMMON = {"output.statistics": "false", "output.kernels": "false", "solve.replicas": 8, "solve.particles": 12000}
WIDTHS = {"simulate.widths": "[32, 64, 128, 256, 512]", "simulate.seeds": "[1024, 512, 256, 128, 64]"}
TWIN = {"simulate.widths": "[64, 128]", "simulate.seeds": "[256, 128]"}
TOPK = {"model.active_fraction": 0.25}
SIGN = {"train.optimizer": "sign", "train.lr": 0.4, "train.steps": 3}
ADAM = {"train.optimizer": "adam", "train.lr": 0.1, "train.adam.eps": 0, "train.steps": 6}
MUP, MSSP, ZERO = {"model.parameterization": "mup"}, {"model.parameterization": "mssp"}, {"model.readout_std": 0}
OUT, IN, ROUTER = ({f"model.init.{name}": 1e-4} for name in ("expert_out", "expert_in", "router"))
CUSTOM = {"model.parameterization": "custom", "model.custom.base": "mssp"}
RELU = {"model.expert_activation": "relu", "train.steps": 5}
JBPH = {"model.regime": "III", "model.parameterization": "jbph", **TOPK, "solve.particles": 6000, "simulate.widths": "[32, 64, 128]", "simulate.seeds": "[256, 128, 64]"}
ROWS = {  # name: configuration, twin
    "II sign, mup": ({**MUP, **SIGN}, {**MSSP, **SIGN, **OUT}),
    "II sign, mup, readout_std 0": ({**MUP, **SIGN, **ZERO}, {**MSSP, **SIGN, **ZERO, **OUT}),
    "II adam, eps 0, mup": ({**MUP, **ADAM}, {**MSSP, **ADAM, **OUT}),
    "II top-K, router std N^-1": ({**CUSTOM, "model.custom.Q.std": "N^-1", **TOPK}, {**MSSP, **ROUTER, **TOPK}),
    "II relu, W1 std N^-1": ({**CUSTOM, "model.custom.W1.std": "N^-1", **RELU}, {**MSSP, **IN, **RELU}),
    "III jbph, top-K": (JBPH, {**JBPH, "model.router_gamma": 0.5, **ROUTER, "simulate.widths": "[64, 128]", "simulate.seeds": "[128, 64]"}),
}


def compare(settings, threads):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out.h5")
        words = [word for key, value in settings.items() for word in ("-s", f"{key}={value}")]
        subprocess.run([PROGRAM, "compare", "-", "-o", path, "-q", "-t", str(threads), *words], check=True)
        with h5py.File(path) as f:
            limit = f["observables/train/loss"][-1]
            c = f["comparison"]
            return c["width"][:], c["deviation"][:], c["deviation_stderr"][:], limit


def show(deviation, error):
    return ", ".join(f"{d:.4f}({round(1e4 * e)})" for d, e in zip(deviation, error))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows whose name contains one of these words; none: all")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    failed = 0
    print("| case | deviation at N = 32, 64, 128, … | twin at N = 64, 128 | loss of limit, of twin's limit |\n|---|---|---|---|")
    for name, (settings, twin) in ROWS.items():
        if options.rows and not any(word in name for word in options.rows):
            continue
        _, deviation, error, loss = compare({**COMMON, **WIDTHS, **settings}, options.threads)
        _, near, near_error, twin_loss = compare({**COMMON, **TWIN, **twin}, options.threads)
        print(f"| {name} | {show(deviation, error)} | {show(near, near_error)} | {loss:.5f}, {twin_loss:.5f} |", flush=True)
        falls = np.nan_to_num(deviation[-1]) < np.nan_to_num(deviation[0]) or "relu" in name
        off = np.nan_to_num(near) > 3 * np.nan_to_num(near_error) + 2e-3
        failed += not falls or off[-1] and not ("top-K" in name and near[-1] < near[0]) or abs(loss - twin_loss) > 1e-6
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
