#!/usr/bin/env python3
"""Is the limit the limit of the networks, under Adam, AdamW, sign descent and momentum? Regimes I, II, III.

    python3 validation/optimizers.py            all cases, then docs/validation-optimizers.md
    python3 validation/optimizers.py NAME …     these cases; --list, --print, --table and --threads as in regime2.py

Results go to out/validation-optimizers.jsonl. About 15 minutes on two idle cores.
"""
import os
import sys

import regime2 as study
from regimes import ROUTER

# Cosine: 4 samples, full batch, 24 steps. Fashion stream: 10 classes, cross-entropy, 8 new images in each of 40 steps.
COSINE = {"simulate.precision": "single", "solve.particles": 8000, "solve.replicas": 24, "train.steps": 24}
STREAM = {**study.FASHION, "train.loss": "cross_entropy", "train.batch": 8, "train.steps": 40, "output.times": "[1,20,40]",
          "solve.particles": 12000, "solve.replicas": 6}
SIZES = {"II": ("[16,32,64,128,256,512]", "[2048,2048,2048,1024,512,256]"), "I": ("[8,16,32,64,128]", "[4096,4096,4096,2048,1024]"),
         "III": ("[16,32,64,128]", "[1024,1024,1024,512]"), "stream": ("[32,64,128,256]", "[128,256,256,192]")}
SHAPE = {"I": {"model.expert_width_ratio": 1, "model.experts": 4}, "II": {},
         "III": {"model.expert_width_ratio": 0.5, "model.experts_ratio": 0.5}}
ADAM = {"train.optimizer": "adam", "train.adam.beta2": 0.99}
OPTIMIZERS = {  # label: options
    "adam": {**ADAM, "train.adam.eps": 0.1, "train.lr": 0.1},
    "adam-small-eps": {**ADAM, "train.adam.eps": 0.01, "train.lr": 0.05},
    "adamw": {**ADAM, "train.optimizer": "adamw", "train.adam.eps": 0.1, "train.lr": 0.1, "train.adam.weight_decay": 0.5},
    "sign": {"train.optimizer": "sign", "train.lr": 0.01},
    "momentum": {"train.optimizer": "momentum", "train.lr": 0.05, "train.weight_decay": 0.1, "train.clip": 0.3,
                 "train.schedule": "cosine", "train.warmup": 4},
}
KEYS = [("II", p, o, "soft") for p in ("mup", "mssp") for o in OPTIMIZERS] + [
    ("II", "mup", "adam", "topk"), ("II", "mssp", "adam", "topk"),
    ("I", "mup", "adam", "soft"), ("I", "mssp", "adam", "soft"), ("III", "mup", "adam", "soft"), ("III", "mssp", "adam", "soft"),
    ("stream", "mup", "adam", "soft"), ("stream", "mssp", "adam", "soft")]


def make_case(place, parameterization, optimizer, routing):
    regime = "II" if place == "stream" else place
    widths, seeds = SIZES[place]
    case = {"model.regime": regime, "model.parameterization": parameterization, **SHAPE[regime], **OPTIMIZERS[optimizer],
            **(STREAM if place == "stream" else COSINE), "simulate.widths": widths, "simulate.seeds": seeds}
    if routing == "topk":
        case |= {"model.active_fraction": 0.25}
    return case


def lowest(name, path):
    """Of the exponents predicted for an observable: 1/2 wherever muP meets Adam (gradients that vanish like N^-1/2 are
    rescaled until they pass epsilon), for sign descent, which rescales every gradient, and for Regime I's router, whose logits
    start at zero in the limit and at O(N^-1/2) in networks."""
    return 0.5 if "-mup-" in name or "-sign" in name or (name.startswith("I-") and path in ROUTER + ("overlap/Q",)) else 1.0


CASES = {"-".join(key): make_case(*key) for key in KEYS}

if __name__ == "__main__":
    study.adopt(CASES, os.path.join("out", "validation-optimizers.jsonl"), os.path.join("docs", "validation-optimizers.md"), lowest)
    sys.exit(study.main())
