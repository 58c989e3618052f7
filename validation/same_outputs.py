#!/usr/bin/env python3
"""Do two builds of moedmft compute the same bits?

    validation/same_outputs.py OLD NEW [--only WORD]

OLD and NEW are programs (build/moedmft of two checkouts). Both make the same runs in folders of their own; every dataset and
attribute of the HDF5 files must agree bit by bit, except provenance (version, commit) and run times, and so must what they print. For
changes that move code and must not change what it does. Exit status: 0 when all agree, 1 with the first differences named.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FASHION = os.path.join(ROOT, "examples", "fashion.yaml")
PROVENANCE = {"version", "commit", "dirty", "sources", "created", "compiler", "arguments", "blas", "hdf5"}
ONE_SIDED = []  # beginnings of attributes that one file alone may have
SMALL = ["-s", "train.steps=6", "-s", "solve.particles=400", "-s", "solve.replicas=3"]
NETS = ["-s", "simulate.widths=[16, 32]", "-s", "simulate.seeds=6"]
I = ["-s", "model.regime=I", "-s", "model.experts=4", "-s", "model.expert_width_ratio=1"]
III = ["-s", "model.regime=III"]

# name: arguments without -o; {out} stands for a file that an earlier run wrote
RUNS = {
    "defaults": ["solve", "-", *SMALL],
    "double": ["solve", "-", *SMALL, "-s", "solve.precision=double", "-s", "output.ntk=true", "-s", "output.parts=true"],
    "networks": ["simulate", "-", *SMALL, *NETS, "--save-weights", "-s", "output.every_seed=true"],
    "regime_I": ["compare", "-", *SMALL, *NETS, *I],
    "regime_I_topk": ["compare", "-", *SMALL, *NETS, *I, "-s", "model.active_fraction=0.5", "-s", "model.router_bias_std=0.3"],
    "regime_II_mup_topk": ["compare", "-", *SMALL, *NETS, "-s", "model.parameterization=mup", "-s", "model.active_fraction=0.25"],
    "regime_III": ["compare", "-", *SMALL, *NETS, *III],
    "regime_III_mup": ["compare", "-", *SMALL, *NETS, *III, "-s", "model.parameterization=mup"],
    "adam": ["compare", "-", *SMALL, *NETS, "-s", "train.optimizer=adam", "-s", "train.lr=0.05", "-s", "train.adam.eps=0.1"],
    "momentum": ["compare", "-", *SMALL, *NETS, "-s", "train.optimizer=momentum", "-s", "train.lr=0.05", "-s", "train.weight_decay=0.1"],
    "images": ["compare", FASHION, "-s", "train.steps=5", "-s", "solve.particles=1500", "-s", "solve.replicas=2", *NETS],
    "softmax_gate": ["compare", "-", *SMALL, *NETS, "-s", "model.gate=softmax", "-s", "train.lr=0.05"],
    "self_consistency": ["solve", "-", *SMALL, "--sweeps", "3"],
    "coordcheck": ["coordcheck", "-", *SMALL, *NETS],
    "sweep": ["sweep", "-", *SMALL, *NETS, "--over", "train.lr=log:0.1:3.2:4", "--over", "model.parameterization=mup,mssp"],
}
PRINTS = {
    "info": ["info", "{regime_III}"],
    "info_sweep": ["info", "{sweep}"],
    "info_coordcheck": ["info", "{coordcheck}"],
    "options": ["options"],
    "rules": ["rules", "-", "--width", "64"],
    "rules_json": ["rules", "-", "--width", "64", "--format", "json", "-s", "model.regime=III"],
    "classify": ["classify", "-", "-s", "model.parameterization=mup"],
    "enumerate": ["classify", "-", "--enumerate"],
}


def run(program, folder, arguments):
    arguments = [os.path.join(folder, a) if a.endswith(".h5") else a for a in arguments]
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def same_value(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and a.dtype == b.dtype and (a.tobytes() == b.tobytes() if a.dtype != object else (a == b).all())


def differences(old, new):
    """Names of what differs between two files."""
    found = []
    with h5py.File(old) as a, h5py.File(new) as b:
        names = [set(), set()]
        a.visit(names[0].add)
        b.visit(names[1].add)
        found += sorted(names[0] ^ names[1])
        for name in sorted(names[0] & names[1]) + ["/"]:
            x, y = a[name], b[name]
            if name.endswith(("/seconds", "/seconds_stderr")):
                continue
            if isinstance(x, h5py.Dataset) and not same_value(x[()], y[()]):
                found.append(name)
            alone = {k for k in set(x.attrs) ^ set(y.attrs) if not any(k.startswith(word) for word in ONE_SIDED)}
            keys = alone | {k for k in set(x.attrs) & set(y.attrs) if not same_value(x.attrs[k], y.attrs[k])}
            found += [f"{name}@{k}" for k in sorted(keys - PROVENANCE)]
    return found


def without_provenance(text, folder):
    lines = text.replace(folder, "").splitlines()
    return [line for line in lines if not any(word in line for word in ("commit", "created", "version", "arguments", "compiler"))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--new-options", action="store_true", help="configuration keys that only one of them knows are no difference")
    parser.add_argument("--only", default="", help="runs whose name holds this word")
    options = parser.parse_args()
    if options.new_options:
        PROVENANCE.add("config")
        ONE_SIDED.append("config:")
    programs = [os.path.abspath(p) for p in (options.old, options.new)]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        folders = [os.path.join(scratch, name) for name in ("old", "new")]
        for folder in folders:
            os.mkdir(folder)
        for name, arguments in RUNS.items():
            if options.only not in name:
                continue
            results = [run(p, f, [*arguments, "-o", name + ".h5"]) for p, f in zip(programs, folders)]
            files = [os.path.join(f, name + ".h5") for f in folders]
            wrong = [] if results[0][0] == results[1][0] else [f"exit status {results[0][0]} and {results[1][0]}"]
            if all(os.path.exists(f) for f in files):
                wrong += differences(*files)
            if results[1][0]:
                wrong.append("it fails: " + results[1][2].strip())
            failed += bool(wrong)
            print(f"{name:20} {'same' if not wrong else 'DIFFERS: ' + ', '.join(wrong[:6])}", flush=True)
        for name, arguments in PRINTS.items():
            needs = [a[1:-1] for a in arguments if a.startswith("{")]
            if options.only not in name or any(not os.path.exists(os.path.join(folders[0], n + ".h5")) for n in needs):
                continue
            arguments = [a[1:-1] + ".h5" if a.startswith("{") else a for a in arguments]
            texts = [without_provenance(run(p, f, arguments)[1], f) for p, f in zip(programs, folders)]
            failed += texts[0] != texts[1]
            print(f"{name:20} {'same' if texts[0] == texts[1] else 'DIFFERS'}", flush=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
