#!/usr/bin/env python3
"""The limit of a single pass over all 60,000 images of Fashion-MNIST: 3,750 steps of 16, ten classes, cross-entropy.

    validation/horizon.py [--images FOLDER] [--out FOLDER] [--only WORD] [--steps N] [--write]

Eight runs, SGD and AdamW, μP and MSSP, soft and top-1/4 routing: N = infinity from families of networks (examples/horizon.yaml with the full files) beside
networks of N = 32, 128, 512; and the sweep of SGD's learning rate under MSSP over horizons of 100 to 3,750 steps. Files that --out (out/horizon) already holds are not
computed again. The tables have the test loss of 1,000 images after the last step with its standard error (statistics and extrapolation), the loss
of the stream over the last tenth of the steps, and processor seconds; --write puts them into docs/validation-horizon.md. FOLDER of the images: where Debian's
package dataset-fashion-mnist has them; without them this ends with status 77. About an hour of one processor.
"""
import argparse
import os
import resource
import subprocess
import sys

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
FILES = {"data.file": "train-images-idx3-ubyte.gz", "data.labels": "train-labels-idx1-ubyte.gz", "data.test_file": "t10k-images-idx3-ubyte.gz",
         "data.test_labels": "t10k-labels-idx1-ubyte.gz"}
RATE = {"sgd": "0.5", "adamw": "0.03"}
WIDTHS = (32, 128, 512)
BEGIN, END = "<!-- begin {} -->", "<!-- end {} -->"
NOT_THERE = 77


def cases():
    for optimizer in ("sgd", "adamw"):
        for parameterization in ("mup", "mssp"):
            for fraction in ("1", "0.25"):
                yield f"{optimizer}_{parameterization}_{'soft' if fraction == '1' else 'topk'}", [
                    f"train.optimizer={optimizer}", f"train.lr={RATE[optimizer]}", f"model.parameterization={parameterization}", f"model.active_fraction={fraction}",
                    "solve.widths=" + ("[8,16,64,256]" if (optimizer, parameterization) == ("adamw", "mup") else "[16,32,256]"),
                    f"simulate.widths={list(WIDTHS)}", "simulate.seeds=[16,8,3]", "solve.replicas=16"]


def run(command, path, words, options=()):
    """Makes a file unless it is there, and notes what that took."""
    if os.path.exists(path):
        return
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([PROGRAM, command, os.path.join(ROOT, "examples", "horizon.yaml"), "-q", "-t", "1", "-o", path, *options] + [a for w in words for a in ("-s", w)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    with open(path + ".seconds", "w", encoding="utf-8") as f:
        f.write(f"{seconds:.0f} {after.ru_maxrss / 1024:.0f}\n")


def spent(path):
    """Processor seconds and megabytes at the peak of the run that wrote a file, "" where they are not known."""
    try:
        return open(path + ".seconds", encoding="utf-8").read().split()
    except OSError:
        return ["", ""]


def number(mean, error):
    return f"{mean:.4f} ± {error:.4f}"


def tail(group):
    """Mean loss of the stream over the last tenth, its entries correlated: the mean of their errors."""
    loss, error = group["observables/train/loss"][...], group["observables/train/loss_stderr"][...]
    n = max(1, len(loss) // 10)
    return number(loss[-n:].mean(), error[-n:].mean())


def row(name, path):
    seconds, memory = spent(path)
    with h5py.File(path) as f:
        cells = [number(f["observables/test/loss"][-1], f["observables/test/loss_stderr"][-1])]
        cells += [number(f[f"width_{w}/observables/test/loss"][-1], f[f"width_{w}/observables/test/loss_stderr"][-1]) for w in WIDTHS]
        cells += [tail(f), f"{f['observables/test/accuracy'][-1]:.3f}"]
    return [name, *cells, seconds, memory]


def write(name, lines):
    path = os.path.join(ROOT, "docs", "validation-horizon.md")
    text, begin, end = open(path, encoding="utf-8").read(), BEGIN.format(name), END.format(name)
    head, rest = text.split(begin)
    open(path, "w", encoding="utf-8").write(head + begin + "\n\n" + "\n".join(lines) + "\n\n" + end + rest.split(end)[1])


def horizons(path):
    """Best rate at every horizon and width, with its standard error where it is known."""
    seconds, _ = spent(path)
    with h5py.File(path) as f:
        widths, steps = f["sweep/width"][...], f["axes/train.steps"][...]
        best, error = f["results/optimum"][...], f["results/optimum_stderr"][...]
    names = ["∞" if np.isinf(w) else f"{w:.0f}" for w in widths]
    yield "| steps | " + " | ".join(f"best rate, N = {n}" for n in names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for i, t in enumerate(steps):
        yield f"| {t:.0f} | " + " | ".join(f"{b:.2g} ± {e:.1g}" if np.isfinite(e) else f"{b:.2g}" for b, e in zip(best[i], error[i])) + " |"
    yield f"\n({seconds} s of processor time.)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--out", default=os.path.join(ROOT, "out", "horizon"))
    parser.add_argument("--only", default="")
    parser.add_argument("--steps", type=int, default=3750)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not os.path.exists(os.path.join(options.images, FILES["data.file"])):
        print(f"horizon.py: {options.images} has no {FILES['data.file']}; install Debian's dataset-fashion-mnist, or give --images")
        return NOT_THERE
    os.makedirs(options.out, exist_ok=True)
    common = [f"{key}={os.path.join(options.images, name)}" for key, name in FILES.items()] + [f"train.steps={options.steps}", "data.test=1000", "output.every_seed=false"]
    lines = ["| run | N = ∞ | " + " | ".join(f"N = {w}" for w in WIDTHS) + " | stream, N = ∞ | accuracy | s | MB |", "|---" * (len(WIDTHS) + 6) + "|"]
    for name, words in cases():
        path = os.path.join(options.out, name + ".h5")
        if options.only in name:
            run("compare", path, common + [f"output.every={max(1, options.steps // 50)}"] + words)
        if os.path.exists(path):
            lines.append("| " + " | ".join(row(name.replace("_", ", ").replace("mup", "μP").replace("mssp", "MSSP"), path)) + " |")
            print(lines[-1], flush=True)
    path = os.path.join(options.out, "sweep.h5")
    if options.only in "sweep":
        steps = ",".join(str(round(options.steps * x)) for x in (0.0267, 0.1, 0.3333, 1))
        run("sweep", path, common + [f"output.every={options.steps}", "solve.replicas=12", "simulate.widths=[32,128]", "simulate.seeds=[12,6]"],
            ["--over", f"train.steps={steps}", "--over", "train.lr=log:0.125:4:6", "--measure", "test"])
    found = list(horizons(path)) if os.path.exists(path) else []
    print("\n".join(found))
    if options.write:
        write("showcase", lines)
        if found:
            write("horizons", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
