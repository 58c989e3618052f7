#!/usr/bin/env python3
"""Announced memory against what runs take at their peak, for each kind of run.

    python3 validation/memory.py [KIND …]    named kinds, else all (about seven minutes); the table of docs/engineering.md

Each kind is run in a process of its own. Announced: the number in "about … GB of memory needed". Measured: the largest resident set size.
Also the seconds until the number is announced, which is mostly the pilot, and those of the whole run. Fails when a ratio leaves ALLOWED.
Program: environment variable MOEDMFT_BIN, else build/moedmft.
"""
import gzip
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
EXAMPLES = os.path.join(ROOT, "examples")
ALLOWED = (0.9, 1.4)

COSINE = ["data.train=16", "data.dimension=20", "train.lr=0.3", "train.steps=24", "solve.particles=12000", "solve.replicas=2", "simulate.widths=[384]", "simulate.seeds=2"]
WIDTHS = ["simulate.widths=[96,192,384]", "simulate.seeds=[8,4,4]"]
MANY = ["data.dimension=50", "train.steps=3", "train.lr=0.3", "solve.replicas=2", "output.kernels=false"]  # samples, whose new directions come from sketches
BLOCKS = ["model.norm=rms", "model.output=norm"]


def kind(command, words, config="-", options=()):
    return command, config, words, options


def image(words=()):
    return ["data.train=48", "data.test=48", "solve.replicas=2", "solve.particles=3000"] + list(words)


# 60,000 made-up images of 784 pixels in ten classes, in files of the folder "@"
STREAM = ["train.loss=cross_entropy", "train.batch=16", "train.steps=200", "output.kernels=false", "output.statistics=false", "simulate.widths=[32]", "simulate.seeds=2"]


def images(folder):
    import h5py
    import numpy as np

    r = np.random.default_rng(1)
    pixels = (r.integers(0, 256, (60000, 28, 28)) * (r.random((60000, 28, 28)) < 0.5)).astype(np.uint8)
    labels = r.integers(0, 10, 60000).astype(np.uint8)
    for name, values in (("images", pixels), ("labels", labels)):
        with gzip.open(f"{folder}/{name}.gz", "wb", 1) as f:
            f.write(bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape) + values.tobytes())
    with h5py.File(f"{folder}/images.h5", "w") as f:
        f["x"], f["y"] = pixels.reshape(60000, 784).astype(np.float32) / 255, labels


KINDS = {
    "limit": kind("solve", COSINE),
    "limit, 2 threads": kind("solve", COSINE, options=("-t", "2")),
    "limit, momentum": kind("solve", COSINE + ["train.optimizer=momentum"]),
    "limit, double precision": kind("solve", COSINE + ["solve.precision=double", "solve.particles=6000"]),
    "limit, one replica": kind("solve", COSINE + ["solve.replicas=1"]),
    "limit, Regime I": kind("solve", COSINE + ["model.regime=I", "solve.particles=6000"]),
    "limit, Regime I, top-K": kind("solve", COSINE + ["model.regime=I", "solve.particles=6000", "model.experts=8", "model.active_fraction=0.25", "model.router_bias_std=0.5"]),
    "limit, Regime III": kind("solve", COSINE + ["model.regime=III", "solve.particles=6000"]),
    "limit, Regime III, MSSP": kind("solve", COSINE + ["model.regime=III", "model.parameterization=mssp", "solve.particles=6000"]),
    "limit, top-K": kind("solve", ["solve.particles=12000", "solve.replicas=2", "data.train=16"], "topk.yaml"),
    "limit, images": kind("solve", image(), "fashion.yaml"),
    "limit, AdamW": kind("solve", image(), "adam.yaml"),
    "limit, AdamW, all pairs": kind("solve", image(["solve.pairs=full", "train.steps=12", "solve.particles=2000"]), "adam.yaml"),
    "limit, many samples": kind("solve", MANY + ["data.train=1500", "solve.particles=4000"]),
    "limit, many samples, top-K": kind("solve", MANY + ["data.train=800", "solve.particles=3000", "model.active_fraction=0.25"]),
    "limit, large batches, test part": kind("solve", MANY + ["data.train=2400", "data.test=600", "train.batch=600", "train.steps=4", "solve.particles=3000"]),
    "limit, minibatches, single pass": kind("solve", ["solve.particles=2500", "solve.expert_particles=2000", "solve.replicas=1", "train.steps=24", "data.train=1000"], "minibatch.yaml"),
    "limit, single pass, solve.rank": kind("solve", ["solve.particles=4000", "solve.expert_particles=2000", "solve.replicas=1", "solve.rank=48", "train.steps=40",
                                                    "data.train=1000"], "minibatch.yaml"),
    "limit, single pass, solve.rank, momentum": kind("solve", COSINE + ["data.train=1000", "train.batch=16", "train.steps=50", "solve.rank=32", "train.optimizer=momentum",
                                                              "solve.replicas=1"]),
    "limit, minibatches, epochs": kind("solve", ["solve.particles=6000", "solve.replicas=2", "data.train=64", "data.test=8", "train.batch=8", "train.steps=60"], "fashion.yaml"),
    "limit, statistics, tangent kernel": kind("solve", COSINE + ["output.ntk=true", "output.times=[0,3,6,9,12,15,18,21,24]"]),
    "limit, responses": kind("solve", COSINE + ["output.responses=true"]),
    "limit, every replica": kind("solve", COSINE + ["output.every_seed=true", "solve.replicas=12", "solve.particles=2000", "output.times=[0,2,4,6,8,10,12,14,16,18,20,22,24]"]),
    "limit, networks": kind("solve", COSINE[:4] + ["solve.method=networks", "solve.widths=[96,192,384]", "solve.replicas=4", "solve.accuracy=0"]),
    "limit, networks, many": kind("solve", COSINE[:4] + ["solve.method=networks", "solve.replicas=100", "output.every_seed=true"], options=("-t", "2")),
    "limit, --sweeps": kind("solve", ["data.train=12", "train.steps=24", "solve.particles=4000", "solve.replicas=3"], options=("--sweeps=2",)),
    "limit, --sweeps, 2 threads": kind("solve", ["data.train=12", "train.steps=24", "solve.particles=4000", "solve.replicas=4"], options=("--sweeps=2", "-t", "2")),
    "1 block": kind("solve", COSINE + BLOCKS + ["model.depth=1", "solve.particles=6000"]),
    "4 blocks": kind("solve", COSINE + BLOCKS + ["model.depth=4", "solve.particles=6000", "solve.replicas=1"]),
    "8 blocks": kind("solve", COSINE + BLOCKS + ["model.depth=8", "solve.particles=6000", "solve.replicas=1"]),
    "8 blocks, 2 threads": kind("solve", COSINE + BLOCKS + ["model.depth=8", "solve.particles=3000"], options=("-t", "2")),
    "8 blocks, top-K, AdamW": kind("solve", ["solve.particles=1000", "solve.replicas=2"], "deep.yaml"),
    "networks": kind("simulate", COSINE),
    "networks, 2 threads": kind("simulate", COSINE + ["simulate.seeds=4"], options=("-t", "2")),
    "networks, single precision": kind("simulate", COSINE + ["simulate.precision=single", "simulate.widths=[768]"]),
    "networks, Adam": kind("simulate", COSINE + ["train.optimizer=adam", "train.lr=0.05"]),
    "networks, top-K": kind("simulate", COSINE + ["model.active_fraction=0.25", "model.expert_width=16", "simulate.widths=[256]"]),
    "networks, 4 blocks": kind("simulate", COSINE + BLOCKS + ["model.depth=4"]),
    "networks, responses": kind("simulate", COSINE + ["output.responses=true"]),
    "networks, many small": kind("simulate", COSINE + ["simulate.widths=[32]", "simulate.seeds=400", "train.steps=60"]),
    "networks, --save-weights": kind("simulate", COSINE + ["simulate.seeds=6"], options=("--save-weights",)),
    "networks, every seed": kind("simulate", COSINE + ["simulate.widths=[64]", "simulate.seeds=60", "output.every_seed=true", "output.times=[0,2,4,6,8,10,12,14,16,18,20,22,24]"]),
    "networks, 60000 images": kind("simulate", STREAM + ["data.source=idx", "data.file=@/images.gz", "data.labels=@/labels.gz"]),
    "networks, 60000 images, HDF5": kind("simulate", STREAM + ["data.source=hdf5", "data.file=@/images.h5"]),
    "compare": kind("compare", COSINE + WIDTHS),
    "compare, 2 threads": kind("compare", COSINE + WIDTHS, options=("-t", "2")),
    "compare, 4 blocks": kind("compare", COSINE + BLOCKS + WIDTHS + ["model.depth=4", "solve.particles=6000"]),
    "coordcheck": kind("coordcheck", COSINE + WIDTHS + ["model.parameterization=mssp"]),
    "coordcheck, 4 blocks": kind("coordcheck", COSINE + BLOCKS + WIDTHS + ["model.parameterization=mssp", "model.depth=4", "solve.particles=6000"]),
    "sweep": kind("sweep", COSINE + WIDTHS, options=("--over", "train.lr=log:0.1:0.4:3")),
    "sweep, 2 threads": kind("sweep", COSINE + WIDTHS, options=("-t", "2", "--over", "train.lr=log:0.1:0.4:3")),
}


def run(command, config, words, options):
    """Announced and measured bytes, seconds until it was announced, seconds in all."""
    path = config if config == "-" else os.path.join(EXAMPLES, config)
    threads = () if "-t" in options else ("-t", "1")
    with tempfile.TemporaryDirectory() as folder:
        if any("@" in word for word in words):
            subprocess.run([sys.executable, __file__, "--images", folder], check=True)  # not here: a child begins with what its parent has
        line = [PROGRAM, command, path, "-o", os.path.join(folder, "out.h5"), *threads, *options] + [part for word in words for part in ("-s", word.replace("@", folder))]
        start = time.monotonic()
        child = subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
        said, announced, after = "", None, 0
        for text in child.stderr:
            said += text
            found = re.search(r"about ([0-9.e+-]+) GB of memory needed", text)
            if found:
                announced, after = 1e9 * float(found.group(1)), time.monotonic() - start
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
    if status or announced is None:
        sys.exit(f"memory.py: {' '.join(line)} failed:\n{said}")
    return announced, 1024 * used.ru_maxrss, after, seconds


def main():
    if sys.argv[1:2] == ["--images"]:
        return images(sys.argv[2])
    names = sys.argv[1:] or list(KINDS)
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        sys.exit(f"memory.py: no kind {', '.join(unknown)}; allowed: {', '.join(KINDS)}")
    print("| kind of run | announced: MB | measured: MB | ratio | announced after: s | run: s |\n|---|---|---|---|---|---|")
    outside = []
    for name in names:
        announced, measured, after, seconds = run(*KINDS[name])
        ratio = announced / measured
        print(f"| {name} | {announced / 1e6:.0f} | {measured / 1e6:.0f} | {ratio:.2f} | {after:.2f} | {seconds:.1f} |", flush=True)
        if not ALLOWED[0] <= ratio <= ALLOWED[1]:
            outside.append(name)
    if outside:
        sys.exit(f"outside {ALLOWED[0]} … {ALLOWED[1]}: {', '.join(outside)}")


if __name__ == "__main__":
    main()
