#!/usr/bin/env python3
"""Transformers with options drawn at random, replayed in raw parameters by reference.py: no two options get in each other's way.

    python3 validation/combinations.py [COUNT] [--seed S] [--print]    COUNT combinations (200, about a minute of one processor)

Every combination draws sequences of tokens (data.source: tokens; targets of every token, of some, or a label a sequence), blocks and depth, heads that are many (Regime II) or widen
(Regime I), groups of them, positions, norms, scales, experts, a parameterization, an optimizer and batches, and trains one network of N = 8 or 16 for six steps. Losses,
predictions and final weights must agree to 1e-9. Networks that diverge are left out, and counted. --print shows the settings. Program: environment variable
MOEDMFT_BIN, else build/moedmft. Exit status: 0 all agree, 1 one does not.
"""
import argparse
import contextlib
import io
import os
import random
import subprocess
import sys
import tempfile

import h5py
import numpy as np

import reference

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
DIVERGED = 6  # exit status


def draw_heads(r, N):
    """Heads, many of one width or a few that widen; and what their scores are of."""
    groups, widens = r.choice([1, 1, 2, 4]), r.random() < 0.25
    heads, width = groups * r.choice([1, 2]), r.choice([1, 2, 4, 6, 16])
    own = {"model.regime": "I", "model.heads": heads, "model.head_width_ratio": (width := r.choice([0.25, 0.5]) * N) / N} if widens else \
        {"model.head_width": width, "model.heads_ratio": heads / N}
    return {**own, "model.query_groups": groups, "model.attention_scale": r.choice(["sqrt", "full"]), "model.attention_output": r.choice(["standard", "mup"]),
            "model.causal": r.choice(["true", "false"]), "model.query_key_norm": r.choice(["true", "false"]),
            "model.position": r.choice(["learned", "none"] if width % 2 else ["learned", "rotary", "none"])}


def draw_experts(r, widens):
    """Experts beside them, their gates and losses; counted ones choose by biases."""
    gate = r.choice(["sigmoid", "softmax", "normalized_sigmoid", "linear"])
    case = {"model.gate": gate, "model.expert_activation": r.choice(["tanh", "relu", "gelu"])}
    selects, shares = r.random() < 0.5, r.random() < 0.4
    if widens:
        case |= {"model.experts": 4, **({"model.active": 2, "model.router_bias_std": 1} if selects else {}), **({"model.shared_experts": 1} if shares else {})}
    else:
        case |= {"model.expert_width": r.choice([1, 2, 3]), "model.experts_ratio": r.choice([0.5, 1])}
        case |= {**({"model.active_fraction": r.choice([0.25, 0.5])} if selects else {}), **({"model.shared_fraction": 0.25} if shares else {})}
    if gate != "linear" and r.random() < 0.5:
        case |= {"train.balance": "switch" if selects else "importance", "train.balance_coefficient": 0.5}
    return case | ({"train.z_loss": 0.1} if r.random() < 0.3 else {})


def draw_training(r, rate):
    """An optimizer and what goes with it; rate: per unit of SGD's."""
    optimizer = r.choice(["sgd", "momentum", "adam", "adamw"])
    case = {"train.optimizer": optimizer, "train.lr": rate * {"sgd": 1, "momentum": 0.25}.get(optimizer, 0.25), "train.loss": r.choice(["cross_entropy", "mse"]), "train.steps": 6}
    if optimizer in ("adam", "adamw"):
        case |= {"train.adam.eps": r.choice([0.1, 1e-3]), "train.adam.beta2": 0.99}
    elif r.random() < 0.5:
        case |= {"train.weight_decay": 0.1}
    if optimizer != "adam" and r.random() < 0.3:
        case |= {"train.clip": 0.2}
    if r.random() < 0.3:
        case |= {"train.schedule": "linear", "train.warmup": 2}
    return case | {f"train.lr_multiplier.{key}": 2 for key in ("attention_in", "attention_out", "input", "readout") if r.random() < 0.2}


def draw_model(r, N):
    """All but the data."""
    case = {"model.depth": r.choice([1, 1, 2, 4]), "model.norm": r.choice(["rms", "rms", "layer", "none"]), **draw_heads(r, N)}
    blocks = r.choice(["[attention]", "[attention,moe]", "[moe,attention]"])
    case |= {"model.blocks": blocks, "model.branch_exponent": r.choice([1, 0.5]), "model.parameterization": r.choice(["mssp", "mssp", "mup", "standard", "ntp"])}
    if case["model.norm"] != "none" or case["model.query_key_norm"] == "true":
        case["model.norm_eps"] = r.choice([1e-6, 0.1])
    case["model.output"] = r.choice(["norm" if case["model.norm"] != "none" else "none", "tanh"])
    case |= r.choice([{"model.input": "linear"}, {"model.input": "activation", "model.activation": r.choice(["tanh", "relu"])}])
    if case["model.position"] == "learned":
        case["model.position_std"] = r.choice([0.25, 0.5, 2])
    case |= {f"model.init.{key}": r.choice([0.5, 2]) for key in ("attention_in", "attention_out", "input") if r.random() < 0.2}
    if blocks != "[attention]":
        case |= draw_experts(r, "model.regime" in case)
    return case | draw_training(r, 0.2 if case["model.parameterization"] in ("mssp", "mup") else 0.02)


def write_tokens(path, r):
    """B sequences of T tokens; settings of the batches that take them."""
    draw, B, T, V = np.random.default_rng(r.getrandbits(32)), r.choice([2, 4, 6]), r.choice([1, 2, 3, 5]), r.choice([3, 5])
    tokens, kind = draw.integers(0, V, (B, T)), r.choice(["all", "some", "label"])
    targets = draw.integers(0, V, B if kind == "label" else (B, T))
    if kind == "some":
        targets[:, :-1][draw.random((B, T - 1)) < 0.4] = -1
    with h5py.File(path, "w") as file:
        file["tokens"], file["targets"] = tokens, targets
    return {"data.source": "tokens", "data.file": path, **({"train.batch": 2} if B > 2 and r.random() < 0.5 else {})}


def try_one(seed, folder, shows):
    """True: it agrees; False; None: it diverged."""
    r = random.Random(seed)
    N, output = r.choice([8, 16]), os.path.join(folder, "run.h5")
    case = {**draw_model(r, N), **write_tokens(os.path.join(folder, "tokens.h5"), r), "simulate.widths": f"[{N}]", "simulate.seeds": 1}
    line = [word for key, value in case.items() for word in ("-s", f"{key}={value}")]
    done = subprocess.run([PROGRAM, "simulate", "-", "-q", "--force", "--save-weights", "-t", "1", "-o", output, *line], check=False, capture_output=True, text=True)
    said = io.StringIO()
    if done.returncode == 0:
        with contextlib.redirect_stdout(said), h5py.File(output, "r") as file:
            good = not reference.check_file(file, reference.BACKEND["numpy"], 1e-9, False)[1]
    else:
        good, said = None if done.returncode == DIVERGED else False, io.StringIO(done.stderr)
    if shows or good is False:
        print(f"{seed}: {' '.join(line)}\n{said.getvalue().rstrip()}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the first combination; the next have the next ones")
    parser.add_argument("--print", action="store_true", help="show the settings of all")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [try_one(asked.seed + i, folder, asked.print) for i in range(asked.count)]
    print(f"{found.count(True)} combinations agree, {found.count(False)} do not, {found.count(None)} diverged")
    return 1 if False in found or True not in found else 0


if __name__ == "__main__":
    sys.exit(main())
