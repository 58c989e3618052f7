#!/usr/bin/env python3
"""What makes the limit from networks cheap: variance x processor time of the loss, one device after the other.

    validation/horizon_ablation.py [--seeds N] [--only WORD] [--write]
    validation/horizon_ablation.py --early [--seeds N] [--only WORD]    whether short runs would do as control variates
    validation/horizon_ablation.py --along [--seeds N]    the plateau at a lower rate, over 200 batches: gains at every time, before, in and after the escape
    validation/horizon_ablation.py --long FOLDER [--seeds N]    600 batches of the full Fashion-MNIST in FOLDER alone, at half the rate

Three tasks in Regime II (three tanh neurons for each expert, M = N, soft routing, SGD): `plateau`, a stream of generic inputs in 24 dimensions with
targets tanh(x0 x1 + x2/2), whose loss stays on a plateau and then escapes; `built-in`, the test set of the program at full batch; `images`, a stream of ten classes
of Fashion-MNIST by cross-entropy. Each is solved from networks of N and N/2, N = 64 (built-in: 128, by four times the seeds):

  losses      independent seeds of both widths, extrapolated mean losses (the plain protocol)
  gap         the same with independent seeds of widths that are farther apart, 2N and N/4 (built-in: N and N/16)
  f first     the networks of the first row, the loss of the extrapolated mean prediction
  families    a network and its two halves, extrapolated mean losses
  + f first   the same families, the loss of the extrapolated mean prediction
  + matched   the same with matched draws (solve.matched)
  + fit       the same with N/4 as well, a line in 1/N through three widths, and two members of N/8 that check it
  + gap       matched families of these, one network of each width, and one of half of the smaller that checks, f first: what solve.method: networks does. From 2N and N/4 the bias is
              that of N and N/2, -2 of the next term at N; on the built-in problem it is -16 of a small one

Of independent seeds the numbers are those that cost least, in proportion to |weight| x sqrt(variance / time) of each width. Variances are estimated from
the scatter over seeds (of jackknife pseudo-values where the loss is that of a mean), as means over the last quarter of the curve; gains are those over the first row, with
the spread that four quarters of the seeds show. `bias`: extrapolation_bias, with N/4 (of + fit N/8, of + gap half of the smaller width) as the width that checks, over the families'
noise if there were 100 of them. With --write the table goes to
docs/validation-horizon.md. Six minutes of one processor.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
FASHION = os.path.join(ROOT, "data", "fashion")
COMMON = ["output.kernels=false", "output.statistics=false", "simulate.precision=single", "output.every_seed=true"]
TASKS = {
    "plateau": (["data.source=hdf5", "data.file=@/plateau.h5", "data.test=200", "data.test_x=test_x", "data.test_y=test_y", "train.batch=10", "train.steps=160",
                 "output.every=8", "train.lr=2"], 64, [8, 16, 128]),
    "built-in": ([], 128, [4, 8, 128]),
    "images": (["data.source=idx", f"data.file={FASHION}/train-images-idx3-ubyte.gz", f"data.labels={FASHION}/train-labels-idx1-ubyte.gz", "data.test=100", "train.loss=cross_entropy",
                "train.batch=16", "train.steps=24", "output.every=2", "train.lr=1"], 64, [8, 16, 128]),
}
BEGIN, END = "<!-- begin ablation -->", "<!-- end ablation -->"


def long_images(folder):
    steps = 600
    return ["data.source=idx", f"data.file={folder}/train-images-idx3-ubyte.gz", f"data.labels={folder}/train-labels-idx1-ubyte.gz", "data.test=200", f"data.train={16 * (steps + 1)}",
            "train.loss=cross_entropy", "train.batch=16", f"train.steps={steps}", f"output.every={steps // 24}", "train.lr=0.5"]


def plateau(path, samples=1610):
    r = np.random.default_rng(1)
    with h5py.File(path, "w") as f:
        for x, y, n in (("x", "y", samples), ("test_x", "test_y", 200)):
            f[x] = r.standard_normal((n, 24))
            f[y] = np.tanh(f[x][:, 0] * f[x][:, 1] + f[x][:, 2] / 2)


def seconds():
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def run(command, folder, words):
    """The file of a command, and processor seconds for each of n runs, beyond those of starting and reading."""
    path, spent = f"{folder}/a.h5", []
    for extra in (["train.steps=0"], []):
        before = seconds()
        words_now = [w for w in words if not (extra and w.startswith("train.steps="))]
        subprocess.run([PROGRAM, command, "-", "-q", "--force", "-t", "1", "-o", path] + [a for w in words_now + extra for a in ("-s", w.replace("@", folder))], check=True)
        spent.append(seconds() - before)
    return h5py.File(path), spent[1] - spent[0]


def loss_of(f, y, kind):
    """Losses (n x T) of predictions f (n x T x P x C) with targets y (T x P x C)."""
    if kind == "mse":
        return 0.5 * ((f - y) ** 2).sum(-1).mean(-1)
    top = f.max(-1, keepdims=True)
    log_p = f - top - np.log(np.exp(f - top).sum(-1, keepdims=True))
    return -(y * log_p).sum(-1).mean(-1)


def jackknife(f, rest, y, kind):
    """Pseudo-values (n x T) of the loss of mean f + rest, leaving out one of n at a time."""
    n, mean = len(f), f.mean(0)
    all_of = loss_of((mean + rest)[None], y, kind)[0]
    return np.stack([n * all_of - (n - 1) * loss_of(((n * mean - f[i]) / (n - 1) + rest)[None], y, kind)[0] for i in range(n)])


def quarter(v):
    """Variance over runs, mean over the last quarter of the curve."""
    return v.var(0, ddof=1)[-max(1, v.shape[1] // 4):].mean()


def targets(h, part, T):
    y = h[f"data/{part}/y"][...]
    if part == "train" and "data/batches" in h:
        return y[h["data/batches"][...].astype(int)]
    return np.broadcast_to(y, (T, *y.shape))


def families(folder, words, widths, part, n):
    """Predictions of n matched families (n x T x P x C), their targets, processor seconds of all."""
    h, spent = run("solve", folder, words + COMMON + ["solve.method=networks", f"solve.widths={widths}", f"solve.replicas={n}"])
    g = h[f"members/observables/{part}/prediction"][...]
    return g, targets(h, part, g.shape[1]), spent


def seeds_of(folder, words, widths, part, n):
    """Independent seeds of these widths: predictions, losses, processor seconds of a seed of each; targets."""
    f, loss, time = [], [], []
    for width in widths:
        h, spent = run("simulate", folder, words + COMMON + [f"simulate.widths={width}", f"simulate.seeds={n}"])
        group = h[f"width_{width}/members/observables/{part}"]
        f.append(group["prediction"][...]), loss.append(group["loss"][...]), time.append(spent / n)
    return f, loss, time, targets(h, part, f[0].shape[1])


def split(variances, time):
    """Variance x time of a sum over both widths at the best numbers of seeds."""
    return sum(np.sqrt(v * t) for v, t in zip(variances, time)) ** 2


def measure(folder, words, N, far, part, kind, n):
    """Variance x time of every device, for seeds of four quarters and of all: dict name -> array of 5."""
    out = {}
    f, loss, time, y = seeds_of(folder, words, (N, N // 2), part, n)
    weight, parts = (2, -1), [slice(None)] + [slice(i * n // 4, (i + 1) * n // 4) for i in range(4)]
    out["losses"] = [split([w * w * quarter(x[s]) for w, x in zip(weight, loss)], time) for s in parts]
    ratio, (_, apart, spent, _) = far[2] / far[1], seeds_of(folder, words, (far[2], far[1]), part, n)
    out["gap"] = [split([w * w * quarter(x[s]) for w, x in zip((ratio / (ratio - 1), -1 / (ratio - 1)), apart)], spent) for s in parts]
    pseudo = lambda l, s: quarter(jackknife(weight[l] * f[l][s], weight[1 - l] * f[1 - l][s].mean(0), y, kind))
    out["f first"] = [split([pseudo(l, s) for l in (0, 1)], time) for s in parts]
    for matched in ("false", "true"):
        h, spent = run("solve", folder, words + COMMON + ["solve.method=networks", f"solve.widths=[{N // 2},{N}]", f"solve.replicas={n}", f"solve.matched={matched}"])
        members = h["members"]
        if matched == "false":
            out["families"] = [spent / n * quarter(members[f"levels/{part}/loss"][s][:, 0] * 2 - members[f"levels/{part}/loss"][s][:, 1]) for s in parts]
        g = members[f"observables/{part}/prediction"][...]
        out["+ f first" if matched == "false" else "+ matched"] = [spent / n * quarter(jackknife(g[s], 0, y, kind)) for s in parts]
    g, y, spent = families(folder, words, [N // 8, N // 4, N // 2, N], part, n)
    out["+ fit"] = [spent / n * quarter(jackknife(g[s], 0, y, kind)) for s in parts]
    g, y, spent = families(folder, words, far, part, n)
    out["+ gap"] = [spent / n * quarter(jackknife(g[s], 0, y, kind)) for s in parts]
    return out


def bias(folder, words, N, far, n):
    """extrapolation_bias over the noise of 100 families, without and with matched draws, fitted, and with a gap."""
    found = []
    for matched, widths in (("false", [N // 4, N // 2, N]), ("true", [N // 4, N // 2, N]), ("true", [N // 8, N // 4, N // 2, N]), ("true", far)):
        h, _ = run("solve", folder, words + COMMON + ["solve.method=networks", f"solve.widths={widths}", f"solve.replicas={n}", f"solve.matched={matched}"])
        d = h["diagnostics"]
        found.append(float(d["extrapolation_bias"][0] / d["extrapolation_noise"][0] * np.sqrt(100 / n)))
    return found


def early(name, n, folder):
    """Of fitted families the square of the correlation of their late losses with those at a fifth of the curve, and the gain by short runs as control variates, at their best number."""
    words, N, _ = TASKS[name]
    kind = "mse" if "train.loss=cross_entropy" not in words else "cross entropy"
    part = "test" if any(w.startswith("data.test=") for w in words) else "train"
    h, _ = run("solve", folder, words + COMMON + ["solve.method=networks", f"solve.widths=[{N // 8},{N // 4},{N // 2},{N}]", f"solve.replicas={n}"])
    g = h[f"members/observables/{part}/prediction"][...]
    values = jackknife(g, 0, targets(h, part, g.shape[1]), kind)
    T = values.shape[1]
    square = np.corrcoef(values[:, -max(1, T // 4):].mean(1), values[:, T // 5])[0, 1] ** 2
    return [name, f"{square:.2f}", f"{1 / (np.sqrt(1 - square) + np.sqrt(square / 5)) ** 2:.2g}"]


def along(n, folder):
    """Of the plateau's test part at the lower rate: step, loss, and gains of f first and of families with a gap there."""
    plateau(f"{folder}/plateau.h5", 2010)
    words, N, far = TASKS["plateau"]
    words = [w for w in words if not w.startswith(("train.lr", "train.steps"))] + ["train.lr=1", "train.steps=200"]
    f, loss, time, y = seeds_of(folder, words, (N, N // 2), "test", n)
    var = lambda v: v.var(0, ddof=1)
    plain = split([4 * var(loss[0]), var(loss[1])], time)
    first = split([var(jackknife(2 * f[0], -f[1].mean(0), y, "mse")), var(jackknife(-f[1], 2 * f[0].mean(0), y, "mse"))], time)
    g, y, spent = families(folder, words, far, "test", n)
    values = jackknife(g, 0, y, "mse")
    steps = [8 * i for i in range(values.shape[1])]
    return [[str(t), f"{values[:, i].mean():.4f}", f"{plain[i] / first[i]:.2g}", f"{plain[i] / (spent / n * var(values)[i]):.2g}"] for i, t in enumerate(steps) if t and t % 24 == 8]


def rows_of(name, n, folder):
    words, N, far = TASKS[name]
    kind = "mse" if "train.loss=cross_entropy" not in words else "cross entropy"
    tested = any(w.startswith("data.test=") for w in words)
    biases, rows = bias(folder, words, N, far, n), {}
    for part in ("train", "test") if tested else ("train",):
        for device, values in measure(folder, words, N, far, part, kind, n).items():
            rows.setdefault(device, {})[part] = values
    lines = []
    for i, (device, by_part) in enumerate(rows.items()):
        cells = []
        for part in ("train", "test"):
            if part not in by_part:
                cells.append("")
                continue
            gains = np.array(rows["losses"][part]) / np.array(by_part[part])
            cells.append("1" if device == "losses" else f"{gains[0]:.2g} ({np.std(np.log(gains[1:]), ddof=1) / 2 * 100:.0f} %)")
        lines.append([name if not i else "", device, *cells, f"{biases[i - 4]:.2g}" if i >= 4 else ""])
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=120)
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--early", action="store_true")
    parser.add_argument("--along", action="store_true")
    parser.add_argument("--long", metavar="FOLDER")
    options = parser.parse_args()
    if options.along:
        print("| step | test loss | gain, f first | gain, + gap |\n|---|---|---|---|")
        with tempfile.TemporaryDirectory() as folder:
            for cells in along(options.seeds, folder):
                print("| " + " | ".join(cells) + " |")
        return
    if options.write and options.early:
        parser.error("--early is not part of the table that --write replaces")
    if options.long:
        if options.write:
            parser.error("--long is not part of the table that --write replaces")
        TASKS.clear()
        TASKS["long"] = long_images(options.long), 64, [8, 16, 128]
    lines = ["| task | square of the correlation | gain |", "|---|---|---|"] if options.early else ["| task | device | gain, stream | gain, test part | bias |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        plateau(f"{folder}/plateau.h5")
        for name in TASKS:
            if options.only in name:
                n = options.seeds * (4 if name == "built-in" else 1)  # cheap
                for cells in [early(name, n, folder)] if options.early else rows_of(name, n, folder):
                    lines.append("| " + " | ".join(cells) + " |")
                    print(lines[-1], flush=True)
    if options.write:
        path = os.path.join(ROOT, "docs", "validation-horizon.md")
        text = open(path, encoding="utf-8").read()
        head, rest = text.split(BEGIN)
        open(path, "w", encoding="utf-8").write(head + BEGIN + "\n\n" + "\n".join(lines) + "\n\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    sys.exit(main())
