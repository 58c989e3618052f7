#!/usr/bin/env python3
"""Is the limit the limit of the networks, with residual blocks? Regimes I, II, III, 31 cases.

    python3 validation/depth.py            all cases, then docs/validation-depth.md
    python3 validation/depth.py --missing  those that have no result yet: goes on after an interruption
    python3 validation/depth.py NAME …     these cases; --list, --print, --table and --threads as in regime2.py

Results go to out/validation-depth.jsonl. About 13 minutes of one processor. Names: blocks, regime, parameterization, routing; then what
else is special.
"""
import os
import sys

import regime2 as study
from regimes import ROUTER

# The cosine set: 4 samples, full batch, 12 steps.
COMMON = {"model.input": "linear", "simulate.precision": "single", "solve.precision": "single", "solve.particles": 6000,
          "train.steps": 12, "output.times": "[0,6,12]"}
# Two blocks on the bare stream; four with a normalization before each and before the readout.
SHAPES = {2: {"model.depth": 2, "train.lr": 0.25},
          4: {"model.depth": 4, "model.norm": "rms", "model.output": "norm", "train.lr": 0.4}}
SIZES = {"I": ("[16,32,64]", "[1024,1024,512]", 16), "II": ("[16,32,64,128]", "[2048,2048,1024,256]", 24),
         "III": ("[16,32,64]", "[2048,2048,1024]", 12)}
REGIMES = {"I": {"model.expert_width_ratio": 1, "model.experts": 3}, "II": {},
           "III": {"model.expert_width_ratio": 0.5, "model.experts_ratio": 0.5, "solve.particles": 8000}}
# Top-K of half the experts; of two of three in Regime I, by biases: logits alone would be a tie there.
TOP = {"I": {"model.active": 2, "model.router_bias_std": 1}, "II": {"model.active_fraction": 0.5}, "III": {"model.active_fraction": 0.5}}
ADAM = {"train.optimizer": "adam", "train.adam.beta2": 0.99, "train.adam.eps": 0.1, "train.lr": 0.1}
NORMED = {"model.norm": "rms", "model.output": "norm"}
SPECIAL = {  # case of the table above: what it changes (relu: larger widths, as its higher orders in 1/N are larger)
    ("L2-II-mup-soft", "adam"): ADAM,
    ("L2-II-mssp-soft", "adam"): ADAM,
    ("L2-II-mssp-topk", "switch"): {"train.balance": "switch", "train.balance_coefficient": 1},
    ("L2-II-mssp-soft", "importance-z"): {"train.balance": "importance", "train.balance_coefficient": 1, "train.z_loss": 0.1},
    ("L2-II-mssp-soft", "shared"): {**NORMED, "model.shared_fraction": 0.25},
    ("L2-II-mssp-soft", "layer-relu"): {"model.norm": "layer", "model.output": "norm", "model.input": "activation", "model.activation": "relu",
                                        "simulate.widths": "[32,64,128]", "simulate.seeds": "[4096,2048,1024]"},
    ("L4-II-mssp-soft", "half"): {"model.branch_exponent": 0.5},
}


def make_case(depth, regime, parameterization, routing):
    widths, seeds, replicas = SIZES[regime]
    case = {"model.regime": regime, "model.parameterization": parameterization, **COMMON, **SHAPES[depth], **REGIMES[regime],
            "solve.replicas": replicas, "simulate.widths": widths, "simulate.seeds": seeds}
    if (depth, regime, routing) == (4, "I", "topk"):
        case["simulate.seeds"] = "[4096,4096,2048]"  # deviations are small there: a quarter of these left the rate open
    return {**case, **TOP[regime], "train.lr": case["train.lr"] / 2} if routing == "topk" else case


# Roots whose limit is zero at the start while networks have O(N^-1/2) there. Unlike one block, a residual stream always carries r.
ROOTS = ("rms/a", "rms/b", "rms/gamma", "rms/rho", "rms/zeta", "overlap/Q")
# Logits that start at zero in the limit (Regime I), or a gradient of the gate that does (I and III), and all that is made of them.
LOGITS = ROUTER + ("rms/g", "rms/zeta", "statistics/psi", "statistics/g", "statistics/load", "router/load", "router/logit")


def lowest(name, path):
    """Of the exponents predicted for an observable: 1/2 for roots that start at zero under muP and, of the router, in Regimes I and III."""
    if "-mup-" in name and (path in ROOTS or name.endswith("-adam")):
        return 0.5
    return 0.5 if "-II-" not in name and path.startswith(LOGITS) else 1.0


CASES = {f"L{L}-{regime}-{parameterization}-{routing}": make_case(L, regime, parameterization, routing)
         for L in SHAPES for regime in SIZES for parameterization in ("mup", "mssp") for routing in ("soft", "topk")}
CASES |= {f"{base}-{label}": {**CASES[base], **change} for (base, label), change in SPECIAL.items()}

if __name__ == "__main__":
    study.adopt(CASES, os.path.join("out", "validation-depth.jsonl"), os.path.join("docs", "validation-depth.md"), lowest)
    sys.exit(study.main())
