#!/usr/bin/env python3
"""Is the limit of a transformer the limit of transformers? Attention blocks, alone and with MoE blocks: 23 cases.

    python3 validation/attention.py            all cases, then docs/validation-attention.md
    python3 validation/attention.py --missing  those that have no result yet: goes on after an interruption
    python3 validation/attention.py NAME …     these cases; --list, --print, --table and --threads as in regime2.py

Results go to out/validation-attention.jsonl. Names: blocks of a layer, then what is special.
"""
import os
import sys

import depth
import regime2 as study

# The cosine set in two sequences of four samples, full batch, 12 steps; every token has a target of its own.
COMMON = {"model.regime": "II", "model.depth": 1, "data.train": 8, "data.context": 4, "model.input": "linear", "model.norm": "rms",
          "model.output": "norm", "model.heads_ratio": 1, "model.head_width": 2, "train.lr": 0.4, "train.steps": 12, "output.times": "[0,6,12]",
          "simulate.precision": "single", "solve.precision": "single", "solve.particles": 6000, "solve.replicas": 16,
          "simulate.widths": "[16,32,64,128]", "simulate.seeds": "[2048,2048,1024,256]"}
ADAM = {"train.optimizer": "adam", "train.adam.beta2": 0.99, "train.adam.eps": 0.1, "train.lr": 0.1}
ALONE, LAYER = {"model.blocks": "[attention]"}, {"model.blocks": "[attention,moe]", "model.expert_width": 2}
CASES = {
    "attention-dk2": {**ALONE},
    "attention-dk4-full": {**ALONE, "model.head_width": 4, "model.attention_scale": "full"},
    "attention-dk16": {**ALONE, "model.head_width": 16, "model.heads_ratio": 0.25},
    "attention-mup": {**ALONE, "model.head_width": 4, "model.attention_output": "mup"},
    "attention-groups": {**ALONE, "model.query_groups": 2},
    "attention-whole": {**ALONE, "model.causal": "false"},
    "attention-adam": {**ALONE, **ADAM},
    "attention-rotary": {**ALONE, "model.head_width": 4, "model.position": "rotary", "model.query_key_norm": "true"},
    "attention-bare": {**ALONE, "model.norm": "none", "model.output": "none", "train.lr": 0.2},
    "layer": {**LAYER},
    "layer-mup": {**LAYER, "model.parameterization": "mup", "model.attention_output": "mup"},
    "layer-topk": {**LAYER, "model.active_fraction": 0.5, "train.lr": 0.2},
    "layer-shared": {**LAYER, "model.shared_fraction": 0.25, "train.balance": "importance", "train.balance_coefficient": 1},
    "layer-momentum": {**LAYER, "train.optimizer": "momentum", "train.momentum": 0.8, "train.weight_decay": 0.1, "train.lr": 0.1},
    "layer-batches": {**LAYER, "data.train": 24, "train.batch": 2},
    "layer-adam": {**LAYER, **ADAM},
    "L2-layer": {**LAYER, "model.depth": 2},
    "L4-layer-half": {**LAYER, "model.depth": 4, "model.branch_exponent": 0.5},
}
CASES = {name: {**COMMON, **case} for name, case in CASES.items()}
# Heads of a fixed number that widen: scores start at zero and leave it by what networks' differ from there, at rates above like no power yet.
WIDE = {**{key: value for key, value in COMMON.items() if key not in ("model.heads_ratio", "model.head_width")}, "model.regime": "I", "model.heads": 2,
        "model.head_width_ratio": 0.5, "model.attention_scale": "full", "train.lr": 0.2, "simulate.widths": "[32,64,128,256]"}
CASES |= {name: {**WIDE, **case} for name, case in {
    "heads-two": {**ALONE},
    "heads-four-groups": {**ALONE, "model.heads": 4, "model.head_width_ratio": 1, "model.query_groups": 2, "model.attention_output": "mup"},
    "heads-rotary": {**ALONE, "model.position": "rotary", "model.query_key_norm": "true", "model.causal": "false"},
    "heads-adam": {**ALONE, **ADAM},
    "heads-layer-topk": {"model.blocks": "[attention,moe]", "model.depth": 2, "model.experts": 3, "model.active": 2, "model.router_bias_std": 1, "simulate.widths": "[32,64,128]",
                         "simulate.seeds": "[2048,2048,1024]"},
}.items()}


def lowest(name, path):
    """Of the exponents predicted for an observable: 1/2 for roots whose limit is zero at the start, where what W_O or W2 brings back vanishes; of heads that widen,
    which are alike in the limit, for quantiles over them, and for what depth.py has of Regime I."""
    if name.startswith("heads-") and path.startswith(("statistics/attention", *depth.LOGITS)):
        return 0.5
    roots = ("rms/a", "rms/b", "rms/gamma", "rms/rho", "rms/zeta", "overlap/Q")
    return 0.5 if name.endswith(("-mup", "-adam")) and path in roots else 1.0


if __name__ == "__main__":
    study.adopt(CASES, os.path.join("out", "validation-attention.jsonl"), os.path.join("docs", "validation-attention.md"), lowest)
    sys.exit(study.main())
