#!/usr/bin/env python3
"""Does every option that is accepted do something?

    validation/idle_options.py [--only WORD] [--base NAME]

For each of the configurations below and each option, `moedmft compare` runs with the option at other values: each word of an enumeration, a
number or two otherwise. A run must be refused (exit status 3: the option has no effect there, or contradicts others) or store other
data than the configuration alone: datasets other than run times and the configuration itself. An accepted value that changes nothing is
printed. KNOWN lists those that are right, each with its reason. Options that name files are left out. Nothing is said of what the language of
conditions cannot express: rates of a run without steps, the router's options where every block is dense.
About a quarter of an hour of processor time. Exit status 1 when there are others.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

import h5py

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
SMALL = {"train.steps": "5", "solve.particles": "96", "solve.replicas": "3", "simulate.widths": "[8, 16]", "simulate.seeds": "3", "output.every_seed": "true"}
DEEP = {"model.depth": "4", "model.norm": "rms", "model.output": "norm", "train.lr": "0.2"}
BASES = {
    "default": {},
    "I": {"model.regime": "I", "model.expert_width_ratio": "0.5"},
    "I top-K": {"model.regime": "I", "model.active": "2", "model.router_bias_std": "0.5", "train.bias_rate": "0.05"},
    "III": {"model.regime": "III", "data.test": "3"},
    "III mup": {"model.regime": "III", "model.parameterization": "mup", "output.responses": "true"},
    "II top-K softmax": {"model.active_fraction": "0.5", "model.gate": "softmax", "model.gate_scope": "selected", "train.bias_rate": "0.05"},
    "III jbph": {"model.regime": "III", "model.parameterization": "jbph", "model.gate": "linear"},
    "custom": {"model.parameterization": "custom", "model.custom.base": "mssp", "train.clip": "0.5", "model.gate": "normalized_sigmoid"},
    "custom III": {"model.parameterization": "custom", "model.custom.base": "mssp", "model.regime": "III", "train.optimizer": "adam", "train.lr": "0.05",
                   "train.adam.eps": "0.1"},
    "adam": {"train.optimizer": "adam", "train.adam.eps": "0.1", "train.lr": "0.05", "train.clip": "0.5"},
    "adamw": {"train.optimizer": "adamw", "train.lr": "0.02", "train.schedule": "linear", "train.warmup": "1"},
    "sign": {"train.optimizer": "sign", "train.lr": "0.01", "train.weight_decay": "0.1"},
    "momentum": {"train.optimizer": "momentum", "train.lr": "0.05", "train.batch": "2", "train.loss": "cross_entropy"},
    "constant gate": {"model.gate": "constant"},
    "constant gate top-K": {"model.gate": "constant", "model.active_fraction": "0.5"},
    "frozen": {"model.gate": "softmax", "train.lr_multiplier.router": "0", "model.init.router": "0"},
    "readout": {"model.readout_std": "0", "train.lr_multiplier.readout": "0"},
    "deep": {**DEEP, "model.shared_fraction": "0.25", "model.dense_blocks": "[0]", "train.balance": "importance", "output.statistics": "true"},
    "deep linear": {**DEEP, "model.input": "linear"},
    "deep plain": {"model.depth": "3", "model.regime": "III", "train.lr": "0.1"},
    "deep I": {**DEEP, "model.regime": "I", "model.experts": "5", "model.shared_experts": "1", "model.active": "2", "model.router_bias_std": "0.5",
               "train.balance": "switch", "train.z_loss": "0.01"},
    "depth 1": {"model.depth": "1"},
    "depths": {**DEEP, "solve.depths": "[4, 8]", "simulate.depths": "[4, 8]"},
    "transformer": {"model.depth": "1", "model.blocks": "[attention,moe]", "model.head_width": "2", "model.heads_ratio": "0.5", "model.norm": "rms", "data.context": "2",
                    "data.train": "8", "data.test": "2", "solve.particles": "256"},
    "attention of one token": {"model.depth": "1", "model.blocks": "[attention,moe]", "model.head_width": "2", "model.heads_ratio": "0.5"},
    "networks": {"solve.method": "networks", "solve.widths": "[12, 24]", "solve.particles": "0"},
    "networks III adam": {"solve.method": "networks", "solve.widths": "[4, 8, 16]", "solve.particles": "0", "model.regime": "III", "train.optimizer": "adam",
                          "train.lr": "0.05", "train.adam.eps": "0.1", "output.responses": "true"},
    "sweeps": {"solve.sweeps": "8"}, "sweeps damped": {"solve.sweeps": "8", "solve.mixing": "damped"},
    "sweeps anderson": {"solve.sweeps": "8", "solve.mixing": "anderson", "solve.start": "lazy", "solve.settled": "50"},
    "little output": {"output.kernels": "false", "output.statistics": "false", "output.ntk": "true"},
    "no output": {"output.kernels": "false", "output.statistics": "false"},
}
# Values of options whose range says too little.
VALUES = {
    "model.blocks": ["[moe]", "[attention]", "[attention,moe]"], "data.context": ["1", "2", "4"], "model.heads_ratio": ["1"], "model.query_groups": ["2"], "model.heads": ["4"],
    "simulate.widths": ["[8, 24]"], "simulate.seeds": ["4", "[3, 4]"], "output.times": ["[0, 2]", "[0, 1, 3]"], "output.blocks": ["[0]", "[1, 2]"],
    "model.dense_blocks": ["[0]", "[1]"], "solve.depths": ["[4, 8]", "[4, 12]"], "simulate.depths": ["[4, 8]", "[4, 12]"], "data.classes": ["[0, 1]"],
    "train.batch": ["2", "3", "full"], "data.train": ["6"], "data.test": ["4"], "model.active_fraction": ["0.5", "0.75"], "model.active": ["1", "3"],
    "model.shared_fraction": ["0.5"], "solve.expert_particles": ["24"], "solve.neuron_particles": ["24"], "model.router_gamma": ["2"],
    "model.custom.tied": ["true", "false"], "solve.tolerance": ["0.05"], "model.depth": ["1", "2", "5"], "train.warmup": ["2"],
    "train.adam.beta1": ["0.5"], "train.adam.beta2": ["0.9"], "train.momentum": ["0.5"], "train.final_lr": ["0.5"], "solve.accuracy": ["0.001"],
    "model.gate_multiplier": ["1.5"], "solve.sweeps": ["1", "6"], "output.every": ["2"], "train.clip": ["1e-3"], "train.z_loss": ["0.1"],
    "solve.pivots": ["4"], "solve.widths": ["[6, 12]", "[6, 12, 24]"], "model.norm_eps": ["0.1"], "solve.damping": ["0.2"], "solve.anderson_depth": ["1"],
    "model.experts_ratio": ["2"], "model.expert_width_ratio": ["2"],
}
SKIPPED = {"data.file", "data.labels", "data.test_file", "data.test_labels", "data.x", "data.y", "data.test_x", "data.test_y", "output.every_seed", "output.checkpoint"}
UNCOMPARED = re.compile(r"config|provenance|seconds|/time$|resume|seal|memory")
KNOWN = {
    ("data.standardize", "none"),  # what auto stands for
    ("III mup", "model.parameterization", "custom"),  # its base is mup, too
    ("custom III", "model.custom.tied", "true"),  # as the base
    ("networks", "solve.method", "auto"), ("networks III adam", "solve.method", "auto"),  # solve.widths are given
    ("III jbph", "solve.tolerance", "0.05"),  # no direction lies between
    ("transformer", "model.position", "none"),  # inputs that are no tokens have no table of positions that could be left out
    ("transformer", "solve.method", "auto"), ("attention of one token", "solve.method", "auto"),  # chooses particles, as few as they are
    ("transformer", "model.branch_exponent", "0.6"), ("attention of one token", "model.branch_exponent", "0.6"),  # one layer, L = 1
    ("depth 1", "model.branch_exponent", "0.6"),  # powers of L are 1; classify and loops over depths know it
}


def options():
    """Key and range of every option, from `moedmft options`."""
    text = subprocess.run([PROGRAM, "options"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^(\S+): ?(.*)\n    .*?(?: \[([^][]*(?:\[[^]]*\])?[^][]*)\])?$", text, re.M)
    return [(key, preset, allowed) for key, preset, allowed in found if key not in SKIPPED]


def values_of(key, now, allowed):
    if key in VALUES:
        values = VALUES[key]
    elif key.startswith("model.custom.") and not key.endswith(("tied", "base")):
        values = ["0.5 N^-1/2", "0.3"]
    elif "|" in allowed and " " not in allowed:
        values = allowed.split("|")
    elif now in ("true", "false"):
        values = ["true", "false"]
    elif "integer" in allowed:
        values = [str(int(now) + 1), str(2 * int(now) + 2)]
    else:
        values = [repr(float(now) * 0.5 + 0.1)]
    return [v for v in values if v != now]


def run(settings, folder, name):
    """Exit status, message and the data stored: {path: bytes}."""
    out = os.path.join(folder, name + ".h5")
    command = [PROGRAM, "compare", "-", "-o", out, "-t", "1", "--force"]
    for key, value in settings.items():
        command += ["-s", f"{key}={value}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    data = {}
    if os.path.exists(out):
        with h5py.File(out) as file:
            file.visititems(lambda path, item: data.update({path: (item.shape, item[()].tobytes())})
                            if isinstance(item, h5py.Dataset) and not UNCOMPARED.search(path) and hasattr(item[()], "tobytes") else None)
        os.remove(out)
    return done.returncode, done.stderr.strip().splitlines()[-1:] or [""], data


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--base", default="", metavar="NAME")
    asked = parser.parse_args()
    table, idle = options(), 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for base, settings in BASES.items():
            if asked.base and asked.base != base:
                continue
            settings = {**SMALL, **settings}
            status, message, plain = run(settings, folder, "base")
            if status not in (0, 1):
                print(f"{base}: {message[0]}")
                idle += 1
                continue
            cases = [(key, value) for key, preset, allowed in table if asked.only in key
                     for value in values_of(key, settings.get(key, preset), allowed)]
            found = pool.map(lambda i: run({**settings, cases[i][0]: cases[i][1]}, folder, str(i)), range(len(cases)))
            refused = changed = 0
            for (key, value), (status, message, data) in zip(cases, found):
                refused += status == 3
                changed += status != 3 and data != plain
                if status not in (0, 1, 3, 6):
                    print(f"{base}: {key} = {value}: exit status {status}, {message[0]}", flush=True)
                if status != 3 and data == plain and (base, key, value) not in KNOWN and (key, value) not in KNOWN:
                    print(f"{base}: {key} = {value} changes nothing", flush=True)
                    idle += 1
            print(f"# {base}: {len(cases)} values, {refused} refused, {changed} with an effect", flush=True)
    return idle > 0


if __name__ == "__main__":
    sys.exit(main())
