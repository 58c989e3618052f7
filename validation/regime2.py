#!/usr/bin/env python3
"""Is the limit the limit of the networks? Regime II, SGD: deviation of finite networks from the limit, and its rate.

    python3 validation/regime2.py            all cases, then docs/validation.md
    python3 validation/regime2.py --quick    two small cases, about half a minute; writes no document
    python3 validation/regime2.py NAME …     these cases; --list names them, --print shows their commands; their rows of the document are replaced
    python3 validation/regime2.py --missing  goes on after an interruption: cases that have no result yet
    python3 validation/regime2.py --finer    the limit itself: finer solutions of some cases (about 5 minutes)
    python3 validation/regime2.py --table    docs/validation.md again from the results at hand, running nothing

Every case is one `moedmft compare` (program: environment variable MOEDMFT_BIN, else build/moedmft). Its numbers go to
out/validation.jsonl, one line for each run; the last line of a case counts. Rows of cases that it lacks stay in the document as they are. Exit status: 0 all rates as predicted,
1 at least one is not, 2 a run failed.
"""
import argparse
import datetime
import json
import math
import os
import re
import resource
import shlex
import subprocess
import sys
import time
from types import SimpleNamespace

try:
    import h5py
    import numpy as np
except ImportError as missing:
    sys.exit(f"regime2.py needs numpy and h5py ({missing}); on Debian: apt-get install python3-numpy python3-h5py")

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join("out", "validation.jsonl")
CHI2 = {1: 5.41, 2: 7.82, 3: 9.84, 4: 11.67}  # exceeded by chance in 2 % of cases, by degrees of freedom
DOCUMENT = os.path.join("docs", "validation.md")

# ---- Cases ----------------------------------------------------------------------------------------------------------
COSINE = {"solve.particles": 8000, "solve.replicas": 32, "simulate.precision": "single"}
FASHION = {"data.source": "idx", "data.file": "data/fashion/train-images-idx3-ubyte.gz",
           "data.labels": "data/fashion/train-labels-idx1-ubyte.gz", "simulate.precision": "single",
           "solve.precision": "single", "solve.particles": 8000, "solve.replicas": 12}
FULL_BATCH = {**FASHION, "data.train": 32, "train.steps": 20, "output.times": "[1,10,20]"}
STREAM = {**FASHION, "train.loss": "cross_entropy", "train.batch": 16, "train.steps": 60, "output.times": "[1,30,60]",
          "solve.particles": 20000, "solve.replicas": 6}  # 5000 directions visit the stream: at least four times as many
BASE = {"cosine": COSINE, "fashion": FULL_BATCH, "stream": STREAM}
STEPS = {("cosine", "soft"): 24, ("cosine", "topk"): 16}
# Widths, and seeds ~ N as far as time allows. Corrections to the leading 1/N are larger for relu and for more samples.
SIZES = {("cosine", "tanh"): ((32, 1024), (64, 2048), (128, 4096), (256, 2048)),
         ("cosine", "relu"): ((64, 1024), (128, 2048), (256, 2048), (512, 1024)),
         ("fashion", "tanh"): ((64, 128), (128, 256), (256, 384), (512, 256)),
         ("fashion", "relu"): ((64, 128), (128, 256), (256, 384), (512, 256)),
         ("stream", "tanh"): ((32, 256), (64, 512), (128, 768), (256, 512))}
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


def make_case(data, parameterization, activation, routing, lr):
    options = {"model.parameterization": parameterization, "model.activation": activation,
               "model.expert_activation": activation, "model.active_fraction": 1 if routing == "soft" else 0.25,
               "train.lr": lr}
    if (data, routing) in STEPS:
        options["train.steps"] = STEPS[data, routing]
    options["simulate.widths"], options["simulate.seeds"] = (
        "[" + ",".join(map(str, column)) + "]" for column in zip(*SIZES[data, activation]))
    return {**options, **BASE[data]}


CASES = {"-".join(key): make_case(*key, lr) for key, lr in RATES.items()}
QUICK = {"simulate.widths": "[32,64,128]", "simulate.seeds": "[512,1024,1024]", "solve.particles": 8000,
         "solve.replicas": 16, "simulate.precision": "single"}
QUICK = {name + "-quick": {**CASES[name], **QUICK} for name in ("cosine-mssp-tanh-soft", "cosine-mup-relu-topk")}

# What a case's limit is compared with: finer solutions of it.
FINER = {"4 × particles": {"solve.particles": 32000}, "0.3 × tolerance": {"solve.tolerance": 0.003}}
FINER_CASES = ("cosine-mssp-tanh-soft", "cosine-mup-relu-soft", "cosine-mssp-relu-topk", "fashion-mssp-relu-topk")
PROBES = {"prediction": "observables/train/prediction", "loss": "observables/train/loss",
          "kernel W1 b": "kernels/W1/backward", "kernel Q b": "kernels/Q/backward", "overlap W1": "observables/overlap/W1",
          "rms a": "observables/rms/a"}


# ---- Running --------------------------------------------------------------------------------------------------------
def output_of(name):
    return os.path.join("out", f"validation-{name}.h5")


def command(name, options, program, task="compare"):
    sets = [word for key, value in options.items() for word in ("-s", f"{key}={value}")]
    return [program, task, "-", "-o", output_of(name)] + sets


def execute(name, options, threads, task="compare"):
    extra = ["-q", "--force"] + (["-t", str(threads)] if threads else [])
    program = os.environ.get("MOEDMFT_BIN", "build/moedmft")
    return subprocess.run(command(name, options, program, task) + extra, check=False)


def keep(result):
    with open(RESULTS, "a", encoding="utf-8") as lines:
        lines.write(json.dumps(result) + "\n")


def run(name, options, threads):
    """Runs a case and returns its result, which the last line of RESULTS then is."""
    start, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = execute(name, options, threads)
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    if done.returncode:
        print(f"{name}: moedmft compare ended with status {done.returncode}", file=sys.stderr)
        return None
    with h5py.File(output_of(name), "r") as file:
        result = {"name": name, "command": shlex.join(command(name, options, "build/moedmft")), "seconds": round(seconds, 1),
                  "processor_seconds": round(processor, 1), "date": datetime.date.today().isoformat(), **read_result(file)}
    os.remove(output_of(name))
    keep(result)
    return result


def run_finer(name, threads):
    """How much finer solutions of a case's limit differ from the one that networks are compared with, and the noise."""
    plain = {key: value for key, value in CASES[name].items() if not key.startswith("simulate.")}
    result, first = {"name": "finer-" + name, "differences": {}}, None
    for label, change in {"as in the study": {}, **FINER}.items():
        if execute("finer", {**plain, **change}, threads, "solve").returncode:
            return None
        with h5py.File(output_of("finer"), "r") as file:
            found = {probe: (file[path][...], file[path + "_stderr"][...]) for probe, path in PROBES.items()}
        os.remove(output_of("finer"))
        if first is None:
            first = found
            continue
        rms = lambda v: math.sqrt(np.nanmean(np.square(v)))
        result["differences"][label] = {
            probe: numbers([rms(mean - first[probe][0]) / rms(first[probe][0]),
                            math.hypot(rms(error), rms(first[probe][1])) / rms(first[probe][0])])
            for probe, (mean, error) in found.items()}
    keep(result)
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


def without_result(names, cases):
    """Those whose last result, if there is one, came from another command."""
    found = results()
    wanted = {name: shlex.join(command(name, cases[name], "build/moedmft")) for name in names}
    return [name for name in names if found.get(name, {}).get("command") != wanted[name]]


# ---- Rates ----------------------------------------------------------------------------------------------------------
def squares(entry):
    """Squared deviations and their errors, back from roots and theirs (src/study/compare.c, add_roots)."""
    root, error = np.array(entry["deviation"], float), np.array(entry["stderr"], float)
    return root**2, np.where(error < root / 2, 2 * root * error, error**2)


def power(widths, d2, s2):
    """p of d2 ~ N^-2p and its error, as in src/study/power_fit.c; NaN where nothing stands out of the noise."""
    if len(d2) < 2 or not (s2 > 0).all() or (d2 / s2).max() < 2:
        return math.nan, math.nan
    grid = np.linspace(-1, 4, 5001)
    shape = (widths / widths[0])[None, :] ** (-2 * grid[:, None])
    amplitude = np.maximum((shape * d2 / s2**2).sum(1) / (shape**2 / s2**2).sum(1), 0)
    chi2 = (((d2 - amplitude[:, None] * shape) / s2)**2).sum(1)
    rise = max(1.0, chi2.min() / (len(d2) - 2) if len(d2) > 2 else 1.0)
    inside = grid[chi2 < chi2.min() + rise]
    return grid[chi2.argmin()], (inside[-1] - inside[0]) / 2


def series(widths, d2, s2, powers):
    """Weighted least squares of d2 to sum c_k N^-k: c of the first power, its error, chi^2. NaN where errors are too unlike, as
    those of a histogram whose tails empty with N."""
    terms = (widths[:, None] / widths[0]) ** -np.array(powers, float) / s2[:, None]
    if np.linalg.cond(terms.T @ terms) > 1e14:
        return math.nan, math.nan, math.inf
    inverse = np.linalg.inv(terms.T @ terms)
    c = inverse @ (terms.T @ (d2 / s2))
    return c[0], math.sqrt(inverse[0, 0]), float(((d2 / s2 - terms @ c)**2).sum())


def judge(widths, entry, lowest=1.0):
    """Exponents p of one observable from all widths and from the largest, and what they say about the prediction: 1, or
    anything between `lowest` and 1.

    holds       p is within 2 standard errors of the prediction
    approached  it is when only the three or two largest widths are fitted; or the squares of the deviations follow
                c/N^2 + c'/N^3, a leading term and the next, with c > 0, at a significance of 2 % or better and without
                a remainder at N = infinity
    deviates    neither
    unresolved  no deviation stands out of the noise, or the error of p exceeds 0.35
    """
    widths = np.array(widths, float)
    d2, s2 = squares(entry)
    found = SimpleNamespace(p=entry["exponent"], error=entry["exponent_stderr"], upper=[(math.nan, math.nan)] * 2,
                            rest=math.nan, rest_error=math.nan)
    agrees = lambda p, error: lowest - 2 * error <= p <= 1 + 2 * error
    if (s2 > 0).all():
        if len(widths) > 2:
            found.rest, found.rest_error, _ = series(widths, d2, s2, (0, 2, 3))
        found.upper = [power(widths[-n:], d2[-n:], s2[-n:]) for n in (3, 2)]
    if found.p is None or found.error is None or found.error > 0.35: # no error: the exponent is a bound
        found.verdict = "unresolved"
    elif agrees(found.p, found.error):
        found.verdict = "holds"
    else:
        first, error, chi2 = series(widths, d2, s2, (2, 3))
        curve = first > 2 * error and chi2 < CHI2[len(widths) - 2] and abs(found.rest) <= 2 * found.rest_error
        late = any(agrees(*upper) and upper[1] < 0.35 for upper in found.upper)
        found.verdict = "approached" if curve or late else "deviates"
    return found


def lowest(name, path):
    """Of the exponents predicted for an observable: 1/2 for roots whose limit vanishes at the first step of muP."""
    return 0.5 if "-mup-" in name and path in VANISHING else 1.0


# ---- Document -------------------------------------------------------------------------------------------------------
NOT_COMPARED = ("train/accuracy",)  # counts signs: neither smooth in f nor expected to follow 1/N
VANISHING = tuple(f"rms/{field}" for field in ("a", "b", "gamma", "rho", "r", "r_slope"))
FIELDS = {
    "Kernels of forward (f) and backward (b) inputs": [
        (f"{t} {d[0]}", f"kernels/{t}/{d}") for t, d in (
            ("Q", "forward"), ("Q", "backward"), ("W1", "backward"), ("W2", "forward"), ("W2", "backward"),
            ("w_out", "forward"), ("w_out", "backward"), ("W_in", "backward"))],
    "Root mean squares of fields": [(f, f"rms/{f}") for f in
                                    ("z", "h", "psi", "g", "u", "y", "a", "delta", "b", "gamma", "rho", "r")],
    "Overlaps (equal-time responses) and routing": [(f"overlap {t}", f"overlap/{t}") for t in ("W_in", "Q", "W1", "W2")] + [
        (name, f"router/{name.replace(' ', '_')}") for name in ("entropy", "load std", "logit mean", "logit std")],
}


def with_error(value, error):
    """1.04 ± 0.07 as 1.04(7), the error in units of the last digit; small values with a power of ten."""
    if value is None or error is None or not (math.isfinite(value) and math.isfinite(error) and error > 0):
        return "–"
    power_of_ten = math.floor(math.log10(abs(value))) if value else 0
    shift = power_of_ten if power_of_ten < -3 else 0
    value, error = value / 10.0**shift, error / 10.0**shift
    digits = -math.floor(math.log10(error))
    digits = max(0, digits + (error * 10**digits < 1.95))
    return f"{value:.{digits}f}({round(error * 10**digits)})" + (f"e{shift}" if shift else "")


def table(header, rows):
    lines = [header, ["---"] * len(header)] + rows
    return "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"


def main_row(name, result):
    entry, fit, widths = result["each"]["train/prediction"], result["fit"], result["width"]
    found = judge(widths, entry, lowest(name, "train/prediction"))
    percent = lambda i: with_error(100 * entry["deviation"][i] / entry["scale"], 100 * entry["stderr"][i] / entry["scale"])
    rest = math.sqrt(max(found.rest, 0) + 2 * found.rest_error) / entry["scale"]
    spread = result["spread"]
    last = math.log(spread[-2] / spread[-1]) / math.log(widths[-1] / widths[-2])
    last_error = (math.hypot(*(e / s for e, s in zip(result["spread_stderr"][-2:], spread[-2:])))
                  / math.log(widths[-1] / widths[-2]))
    loss = lambda key: with_error(result["loss"][key]["value"][1], result["loss"][key]["stderr"][1])
    return [name, f"{widths[0]}–{widths[-1]}", " ".join(percent(i) for i in range(len(widths))),
            with_error(found.p, found.error), *(with_error(p, error) for p, error in found.upper), f"{100 * rest:.1f}",
            with_error(fit["spread_exponent"], fit["spread_exponent_stderr"]), with_error(last, last_error),
            f"{result['loss']['limit']['value'][0]:.2f} → {loss('limit')}", loss(str(widths[-1])), found.verdict,
            f"{result['processor_seconds']:.0f}"]


def field_cell(name, result, path):
    entry = result["each"].get(path)
    if entry is None or entry["deviation"][-1] is None:
        return "–"
    found = judge(result["width"], entry, lowest(name, path))
    if found.verdict == "unresolved":
        return f"[{100 * entry['deviation'][-1] / entry['scale']:.1f} ± {100 * entry['stderr'][-1] / entry['scale']:.1f}]"
    cell = with_error(found.p, found.error)
    cell += "½" if lowest(name, path) < 1 else ""
    return {"deviates": f"**{cell}**", "approached": f"*{cell}*"}.get(found.verdict, cell)


def field_tables(found):
    blocks = []
    for title, columns in FIELDS.items():
        rows = [[name] + [field_cell(name, result, path) for _, path in columns] for name, result in found.items()]
        blocks.append(f"{title}:\n\n" + table(["case"] + [label for label, _ in columns], rows))
    return "\n".join(blocks)


def finer_table(found):
    percent = lambda pair: f"{100 * pair[0]:.2f} ({100 * pair[1]:.2f})"
    rows = [[name[len("finer-"):], label] + [percent(values[probe]) for probe in PROBES]
            for name, result in found.items() for label, values in result["differences"].items()]
    return table(["case", "solved with"] + list(PROBES), rows)


def case_of(line):
    """The case that a row of a table, or a command, belongs to; None for other lines."""
    found = re.match(r"\| ([\w.-]+) \|", line) or re.search(r" -o out/validation-([\w.-]+)\.h5 ", line)
    return found[1] if found else None


def graft(old, new):
    """The block `old` with the lines of those cases that `new` has: the first of a case by its first, and so on."""
    fresh = {}
    for line in new.splitlines():
        fresh.setdefault(case_of(line), []).append(line)
    lines = [fresh[case_of(line)].pop(0) if case_of(line) and fresh.get(case_of(line)) else line for line in old.strip("\n").splitlines()]
    return "\n".join(lines) + "\n"


def write_document(found, finer, keep=False):
    """Replaces what stands between the markers of DOCUMENT, or (keep) only the lines of the cases found; the words around them are written by hand."""
    header = ["case", "widths", "deviation, % of scale", "p", "p of three", "p of two", "rest <, %", "spread exponent",
              "its last step", "train loss: limit", "largest N", "verdict", "CPU s"]
    blocks = {"cases": table(header, [main_row(name, result) for name, result in found.items()]),
              "fields": field_tables(found), "finer": finer_table(finer),
              "commands": "```sh\n" + "\n".join(f"# {name}\n{r['command']}" for name, r in found.items()) + "\n```\n"}
    with open(DOCUMENT, encoding="utf-8") as file:
        words = file.read()
    for key, block in blocks.items():
        begin, end = f"<!-- begin {key} -->\n", f"<!-- end {key} -->"
        head, rest = words.split(begin)
        old, after = rest.split(end)
        words = head + begin + "\n" + (graft(old, block) if keep else block) + "\n" + end + after
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(words)


def report(name, result):
    found = judge(result["width"], result["each"]["train/prediction"], lowest(name, "train/prediction"))
    others = [path for path, entry in result["each"].items() if path not in NOT_COMPARED
              and judge(result["width"], entry, lowest(name, path)).verdict == "deviates"]
    print(f"{name}: {result['seconds']:.0f} s ({result['processor_seconds']:.0f} s of processors), deviation ~ N^-{with_error(found.p, found.error)}, {found.verdict}"
          + (f"; deviating: {', '.join(others)}" if others else ""), flush=True)
    return found.verdict == "deviates"


def adopt(cases, results_file, document, lowest_exponent):
    """Makes this the study of other cases, with results, document and predictions of their own."""
    global CASES, RESULTS, DOCUMENT, FINER_CASES, lowest
    CASES, RESULTS, DOCUMENT, FINER_CASES, lowest = cases, results_file, document, (), lowest_exponent


# ---- Command line ---------------------------------------------------------------------------------------------------
def main():
    parser = argparse.ArgumentParser(description="Deviation of finite networks from the limit, and its rate.")
    parser.add_argument("case", nargs="*", help="cases to run (default: all)")
    parser.add_argument("--quick", action="store_true", help="two small cases, about half a minute")
    parser.add_argument("--finer", action="store_true", help="check the limit itself with finer solutions of it")
    parser.add_argument("--missing", action="store_true", help="run only cases without a result of the same command")
    parser.add_argument("--table", action="store_true", help="write the document from the results at hand")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--print", action="store_true", help="print the commands, run nothing")
    parser.add_argument("--threads", type=int, help="worker threads (default: one per processor)")
    args = parser.parse_args()
    os.chdir(ROOT)
    cases = QUICK if args.quick else CASES
    unknown = [name for name in args.case if name not in cases]
    if unknown:
        parser.error(f"unknown case {', '.join(unknown)}; --list names them")
    names = args.case or list(cases)
    if args.list or args.print:
        print("\n".join(shlex.join(command(name, cases[name], "build/moedmft")) if args.print else name for name in names))
        return 0
    status = 0
    os.makedirs("out", exist_ok=True)
    if args.finer:
        status = max(2 if run_finer(name, args.threads) is None else 0 for name in args.case or FINER_CASES)
    elif not args.table:
        for name in without_result(names, cases) if args.missing else names:
            result = run(name, cases[name], args.threads)
            status = max(status, 2 if result is None else report(name, result))
    if not args.quick:
        found = results()
        finer = ["finer-" + name for name in FINER_CASES]
        lacking = [name for name in CASES if name not in found]
        if lacking and not args.table:
            print(f"{RESULTS} lacks {len(lacking)} of {len(CASES)} cases, whose rows {DOCUMENT} keeps (--missing runs them, --table writes those there are alone)")
        write_document({name: found[name] for name in CASES if name in found},
                       {name: found[name] for name in finer if name in found}, keep=bool(lacking) and not args.table)
    return status


if __name__ == "__main__":
    sys.exit(main())
