#!/usr/bin/env python3
"""Is the limit the limit of the networks? Regime II, SGD: deviation of finite networks from the limit, and its rate.

    python3 validation/regime2.py            all cases, then docs/validation.md
    python3 validation/regime2.py --quick    two small cases, about half a minute; writes no document
    python3 validation/regime2.py NAME …     these cases; --list names them, --print shows their commands
    python3 validation/regime2.py --table    docs/validation.md again from the results at hand, running nothing

Every case is one `moedmft compare` (program: environment variable MOEDMFT_BIN, else build/moedmft). Its numbers go to
out/validation.jsonl, one line for each run; the last line of a case counts. Exit status: 0 all rates as predicted,
1 at least one is not, 2 a run failed.
"""
import argparse
import datetime
import json
import math
import os
import shlex
import subprocess
import sys
import time

try:
    import h5py
    import numpy as np
except ImportError as missing:
    sys.exit(f"regime2.py needs numpy and h5py ({missing}); on Debian: apt-get install python3-numpy python3-h5py")

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join("out", "validation.jsonl")
DOCUMENT = os.path.join("docs", "validation.md")

# ---- Cases ----------------------------------------------------------------------------------------------------------
COSINE = {"simulate.widths": "[32,64,128,256]", "simulate.seeds": "[1024,2048,4096,2048]",
          "solve.particles": 8000, "solve.replicas": 16, "simulate.precision": "single"}
FASHION = {"data.source": "idx", "data.file": "data/fashion/train-images-idx3-ubyte.gz",
           "data.labels": "data/fashion/train-labels-idx1-ubyte.gz", "simulate.precision": "single",
           "solve.precision": "single"}
FULL_BATCH = {**FASHION, "data.train": 32, "train.steps": 20, "output.times": "[1,10,20]",
              "simulate.widths": "[64,128,256,512]", "simulate.seeds": "[128,256,384,256]",
              "solve.particles": 8000, "solve.replicas": 8}
STREAM = {**FASHION, "train.loss": "cross_entropy", "train.batch": 16, "train.steps": 60, "output.times": "[1,30,60]",
          "simulate.widths": "[64,128,256,512]", "simulate.seeds": "[128,256,384,256]",
          "solve.particles": 8000, "solve.replicas": 8}
# (data, parameterization, activation, soft or top-K): learning rate. Small enough to stay clear of instability, where
# finite-size corrections are amplified; large enough for the loss to fall by a factor of two at least.
RATES = {
    ("cosine", "mup", "tanh", "soft"): 0.5, ("cosine", "mup", "tanh", "topk"): 0.2,
    ("cosine", "mup", "relu", "soft"): 0.5, ("cosine", "mup", "relu", "topk"): 0.2,
    ("cosine", "mssp", "tanh", "soft"): 0.5, ("cosine", "mssp", "tanh", "topk"): 0.2,
    ("cosine", "mssp", "relu", "soft"): 0.4, ("cosine", "mssp", "relu", "topk"): 0.2,
    ("fashion", "mup", "tanh", "soft"): 2.0, ("fashion", "mup", "tanh", "topk"): 0.5,
    ("fashion", "mup", "relu", "soft"): 1.2, ("fashion", "mup", "relu", "topk"): 0.3,
    ("fashion", "mssp", "tanh", "soft"): 1.5, ("fashion", "mssp", "tanh", "topk"): 0.4,
    ("fashion", "mssp", "relu", "soft"): 0.9, ("fashion", "mssp", "relu", "topk"): 0.3,
    ("stream", "mup", "tanh", "soft"): 1.5, ("stream", "mssp", "tanh", "soft"): 1.0,
}
BASE = {"cosine": COSINE, "fashion": FULL_BATCH, "stream": STREAM}
STEPS = {("cosine", "soft"): 24, ("cosine", "topk"): 16}


def make_case(data, parameterization, activation, routing, lr):
    options = {"model.parameterization": parameterization, "model.activation": activation,
               "model.expert_activation": activation, "model.active_fraction": 1 if routing == "soft" else 0.25,
               "train.lr": lr}
    if (data, routing) in STEPS:
        options["train.steps"] = STEPS[data, routing]
    return {**options, **BASE[data]}


CASES = {"-".join(key): make_case(*key, lr) for key, lr in RATES.items()}
QUICK = {"simulate.widths": "[16,32,64]", "simulate.seeds": "[512,1024,1024]", "solve.particles": 4000,
         "solve.replicas": 8, "simulate.precision": "single"}
QUICK = {name + "-quick": {**CASES[name], **QUICK} for name in ("cosine-mssp-tanh-soft", "cosine-mup-relu-topk")}


# ---- Running --------------------------------------------------------------------------------------------------------
def output_of(name):
    return os.path.join("out", f"validation-{name}.h5")


def command(name, options, program):
    sets = [word for key, value in options.items() for word in ("-s", f"{key}={value}")]
    return [program, "compare", "-", "-o", output_of(name)] + sets


def run(name, options, threads):
    """Runs a case and returns its result, which the last line of RESULTS then is."""
    extra = ["-q"] + (["-t", str(threads)] if threads else [])
    start = time.monotonic()
    done = subprocess.run(command(name, options, os.environ.get("MOEDMFT_BIN", "build/moedmft")) + extra, check=False)
    seconds = time.monotonic() - start
    if done.returncode:
        print(f"{name}: moedmft compare ended with status {done.returncode}", file=sys.stderr)
        return None
    with h5py.File(output_of(name), "r") as file:
        result = {"name": name, "command": shlex.join(command(name, options, "build/moedmft")), "seconds": round(seconds, 1),
                  "date": datetime.date.today().isoformat(), **read_result(file)}
    os.remove(output_of(name))
    with open(RESULTS, "a", encoding="utf-8") as lines:
        lines.write(json.dumps(result) + "\n")
    return result


def numbers(values):
    """JSON has no NaN."""
    return [None if not math.isfinite(v) else float(f"{v:.6g}") for v in np.ravel(values).tolist()]


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def read_result(file):
    """What the tables need, from the output of `moedmft compare`."""
    comparison, fit = file["comparison"], file["comparison/fit"].attrs
    widths = [int(n) for n in comparison["width"][...]]
    paths = []
    comparison["each"].visititems(lambda path, item: paths.append(path) if "deviation" in item else None)
    each = {path: numbers_of(comparison["each"][path]) for path in sorted(paths)}
    loss = lambda group: {key: numbers([group["observables/train/" + name][at] for at in (0, -1)])
                          for key, name in (("value", "loss"), ("stderr", "loss_stderr"))}
    return {"version": text(file.attrs.get("version", "")), "commit": text(file.attrs.get("commit", "")),
            "width": widths, "seeds": [int(n) for n in comparison["seeds"][...]],
            "replicas": int(file.attrs["runs"]) if "runs" in file.attrs else None,
            "spread": numbers(comparison["spread"]), "spread_stderr": numbers(comparison["spread_stderr"]),
            "fit": {key: numbers([fit[key]])[0] for key in fit}, "each": each,
            "loss": {"limit": loss(file), **{str(n): loss(file[f"width_{n}"]) for n in widths}}}


def numbers_of(group):
    return {"scale": numbers(group["scale"])[0], "deviation": numbers(group["deviation"]),
            "stderr": numbers(group["deviation_stderr"]), "exponent": numbers(group["exponent"])[0],
            "exponent_stderr": numbers(group["exponent_stderr"])[0]}


def results():
    """{name: result}: the last line of every case in RESULTS."""
    found = {}
    if os.path.exists(RESULTS):
        with open(RESULTS, encoding="utf-8") as lines:
            found = {result["name"]: result for result in map(json.loads, lines)}
    return found


# ---- Rates ----------------------------------------------------------------------------------------------------------
def squares(entry):
    """Squared deviations and their errors, back from roots and theirs (src/compare.c, add_roots)."""
    root, error = np.array(entry["deviation"], float), np.array(entry["stderr"], float)
    return root**2, np.where(error < root / 2, 2 * root * error, error**2)


def power(widths, d2, s2):
    """p of d2 ~ N^-2p and its error, as in src/compare.c (mdm_fit_power); NaN where nothing stands out of the noise."""
    if len(d2) < 2 or not (s2 > 0).all() or (d2 / s2).max() < 2:
        return math.nan, math.nan
    grid = np.linspace(-1, 4, 5001)
    shape = (widths / widths[0])[None, :] ** (-2 * grid[:, None])
    amplitude = np.maximum((shape * d2 / s2**2).sum(1) / (shape**2 / s2**2).sum(1), 0)
    chi2 = (((d2 - amplitude[:, None] * shape) / s2)**2).sum(1)
    rise = max(1.0, chi2.min() / (len(d2) - 2) if len(d2) > 2 else 1.0)
    inside = grid[chi2 < chi2.min() + rise]
    return grid[chi2.argmin()], (inside[-1] - inside[0]) / 2


def remainder(widths, d2, s2):
    """What c0 + c2/N^2 + c3/N^3 leaves at N = infinity: c0, and its error. The sum starts with 1/N^2 because deviations
    are m1/N + m2/N^2 + ...; the fit knows nothing of the limit's own error, which c0 contains."""
    terms = np.stack([np.ones_like(widths), widths**-2.0, widths**-3.0], 1)
    scale = terms.max(0)
    inverse = np.linalg.inv((terms / scale).T @ ((terms / scale) / s2[:, None]**2))
    return (inverse @ ((terms / scale).T @ (d2 / s2**2)))[0], math.sqrt(inverse[0, 0])


def judge(widths, entry):
    """Exponents from all widths and without the smallest, and what they say about the predicted 1."""
    widths = np.array(widths, float)
    d2, s2 = squares(entry)
    found = SimpleNamespace(p=entry["exponent"], error=entry["exponent_stderr"], significance=0.0)
    if found.p is None:
        found.verdict, found.significance = "unresolved", entry["deviation"][-1] / (entry["stderr"][-1] or math.inf)
        return found
    found.upper, found.upper_error = power(widths[1:], d2[1:], s2[1:])
    found.rest, found.rest_error = remainder(widths, d2, s2) if len(widths) > 3 else (math.nan, math.nan)
    off = lambda p, error: abs(p - 1) / error if error > 0 else math.inf
    if found.error > 0.4:
        found.verdict = "unresolved"
    elif off(found.p, found.error) <= 2:
        found.verdict = "holds"
    elif off(found.upper, found.upper_error) <= 2 or approaches(found):
        found.verdict = "approached"
    else:
        found.verdict = "deviates"
    return found


# ---- Command line ---------------------------------------------------------------------------------------------------
def main():
    parser = argparse.ArgumentParser(description="Deviation of finite networks from the limit, and its rate.")
    parser.add_argument("case", nargs="*", help="cases to run (default: all)")
    parser.add_argument("--quick", action="store_true", help="two small cases, about half a minute")
    parser.add_argument("--table", action="store_true", help="write the document from the results at hand")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--print", action="store_true", help="print the commands, run nothing")
    parser.add_argument("--threads", type=int, help="worker threads (default: one per processor)")
    args = parser.parse_args()
    os.chdir(ROOT)
    os.makedirs("out", exist_ok=True)
    for name in args.case or CASES:
        run(name, CASES[name], args.threads)

if __name__ == "__main__":
    sys.exit(main())
