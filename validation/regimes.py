#!/usr/bin/env python3
"""Is the limit the limit of the networks? Regimes I and III, SGD: the study of regime2.py for 16 more cases.

    python3 validation/regimes.py            all cases, then docs/validation-regimes.md
    python3 validation/regimes.py NAME …     these cases; --list, --print, --table and --threads as in regime2.py

Results go to out/validation-regimes.jsonl. About nine minutes of one core.
"""
import os
import sys

import regime2 as study

# Cosine: 4 samples, one output. Fashion-MNIST: 32 images, 10 classes, one-hot mean squared error. Both full batch.
SIZES = {"cosine": {"simulate.widths": "[16,32,64,128]", "simulate.seeds": "[2048,2048,2048,1024]", "solve.particles": 16000,
                    "solve.replicas": 16},
         "fashion": {"simulate.widths": "[32,64,128]", "simulate.seeds": "[256,256,192]", "solve.particles": 16000,
                     "solve.replicas": 8}}
RATE = {("cosine", "soft"): 0.5, ("cosine", "topk"): 0.2, ("fashion", "soft"): 1.0, ("fashion", "topk"): 0.4}
# Roots that start at zero in the limit and at O(N^-1/2) in networks: logits (and what the router feels) in Regime I; the
# initial aggregate and what rides on it under muP in Regime III; the gradient of the gate, a mean over neurons, in both.
ROUTER = ("rms/rho", "rms/psi", "router/load_std", "router/logit_std", "router/bias_std")
AGGREGATE = ("rms/a", "rms/b", "rms/gamma", "rms/r", "rms/r_slope")


def make_case(regime, data, parameterization, routing):
    case = {"model.regime": regime, **study.make_case(data, parameterization, "tanh", routing, RATE[data, routing]), **SIZES[data]}
    if regime == "III":
        return {**case, "model.expert_width_ratio": 0.5, "model.experts_ratio": 0.5}
    del case["model.active_fraction"]
    case = {**case, "model.expert_width_ratio": 1, "model.experts": 4}
    return {**case, "model.active": 2, "model.router_bias_std": 1} if routing == "topk" else case


def lowest(name, path):
    """Of the exponents predicted for an observable: 1/2 for the roots above."""
    return 0.5 if path in ROUTER or ("III-" in name and "-mup-" in name and path in AGGREGATE) else 1.0


CASES = {f"{regime}-{data}-{parameterization}-tanh-{routing}": make_case(regime, data, parameterization, routing)
               for regime in ("I", "III") for parameterization in ("mup", "mssp") for data in ("cosine", "fashion")
               for routing in ("soft", "topk")}

if __name__ == "__main__":
    study.adopt(CASES, os.path.join("out", "validation-regimes.jsonl"), os.path.join("docs", "validation-regimes.md"), lowest)
    sys.exit(study.main())
