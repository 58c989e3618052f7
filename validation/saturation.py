#!/usr/bin/env python3
"""Whether a configuration in examples/ or in the documents saturates its sample of the limit.

    validation/saturation.py [--all] [--only WORD] [--write]

Every file of examples/, every YAML block and every command `moedmft solve`, `compare`, `coordcheck` or `sweep` in a code block of README.md and docs/ is solved with its own particles, tolerance,
method and steps, by two replicas, and its doubts (attributes doubt_N of /diagnostics, docs/output.md) are read. Of a sweep the middle value of every axis is taken; depths of solve.depths
are left out. The documents that list validation cases, docs/validation*.md, are read with --all (an hour). Exit status 1 where anything is told: nothing here may saturate,
and not in silence. The table: of all fields the largest share of its population that directions fill (from 0.85 on it is told), and columns without matched moments per
particle (no reason to doubt). --write puts it into docs/reliability.md. Ten minutes of one processor.
"""
import argparse
import glob
import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile

import h5py

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("MOEDMFT_BIN", os.path.join(ROOT, "build", "moedmft"))
BEGIN, END = "<!-- begin saturation -->", "<!-- end saturation -->"
LEFT_OUT = ("simulate.", "solve.depths", "solve.replicas", "output.every_seed", "solve.sweeps")
ELSEWHERE = ("out/", "mydata")  # what other commands have to make first
FIELDS = {"y": "shared", "gamma": "shared", "rho": "expert", "h": "stream", "delta": "stream"}  # whose population is told (src/run/saturation.c)


def middle(values):
    """Of an axis `a,b,c` or `log:a:b:n`."""
    if values.startswith(("log:", "lin:")):
        kind, low, high, _ = values.split(":")
        low, high = float(low), float(high)
        return f"{(low * high) ** 0.5 if kind == 'log' else (low + high) / 2:.4g}"
    one = values.split(",")
    return one[len(one) // 2]


def settings_of(words):
    """Configuration and settings of a command; None where it reads what another command makes."""
    taken, i = [], 3
    while i < len(words):
        if words[i] in ("-s", "--set", "--over") and i + 1 < len(words):
            key, _, value = words[i + 1].partition("=")
            taken.append(f"{key}={middle(value) if words[i] == '--over' else value}")
            i += 1
        i += 1
    if any(place in word for place in ELSEWHERE for word in [words[2]] + taken):
        return None
    return words[2], [s for s in taken if not s.startswith(LEFT_OUT)]


def commands(path):
    """Commands in the code blocks of a document: (name, configuration, settings)."""
    text = open(path, encoding="utf-8").read()
    name, found = os.path.relpath(path, ROOT), []
    for block in re.findall(r"```sh\n(.*?)```", text, re.S):
        for line in block.replace("\\\n", " ").split("\n"):
            match = re.match(r"\s*(?:build/)?moedmft (solve|compare|coordcheck|sweep) ", line)
            if not match or "$" in line:
                continue
            words = shlex.split(line, comments=True)
            made = settings_of(words)
            if made:
                out = words[words.index("-o") + 1] if "-o" in words else words[1]
                found.append((f"{name}, {os.path.basename(out)}", *made))
    return found


def configurations(every):
    found = [(os.path.relpath(p, ROOT), p, []) for p in sorted(glob.glob(f"{ROOT}/examples/*.yaml"))]
    documents = [f"{ROOT}/README.md"] + sorted(glob.glob(f"{ROOT}/docs/*.md"))
    for path in documents:
        blocks = re.findall(r"```yaml\n(.*?)```", open(path, encoding="utf-8").read(), re.S)
        found += [(f"{os.path.relpath(path, ROOT)}, block {i + 1}", text, []) for i, text in enumerate(blocks)]
        if every or not os.path.basename(path).startswith("validation"):
            found += commands(path)
    return found


def numbers(h):
    d = h["diagnostics"]
    read = lambda key: float(d[key][...].ravel()[0]) if key in d else 0.0
    full = max([read(f"rank_{f}") / read(f"particles_{p}") for f, p in FIELDS.items() if read(f"particles_{p}")] or [0])
    return full, max(read(f"unmatched_{p}") for p in ("stream", "expert", "neuron", "shared")), [str(v.decode() if isinstance(v, bytes) else v) for k, v in d.attrs.items() if k.startswith("doubt")]


def solve(folder, configuration, words):
    path, text = f"{folder}/a.h5", configuration
    if "\n" in configuration:
        text = f"{folder}/a.yaml"
        open(text, "w", encoding="utf-8").write(configuration)
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    settings = [a for w in words + [f"solve.replicas={2 + ('solve.bias_check=true' in words)}", "output.every_seed=false"] for a in ("-s", w)]
    run = subprocess.run([PROGRAM, "solve", text, "-q", "--force", "-t", "1", "-o", path] + settings, cwd=ROOT, capture_output=True, text=True)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - started
    if run.returncode not in (0, 7) or not os.path.exists(path):
        return None, None, [run.stderr.strip().split("\n")[-1]], spent
    with h5py.File(path) as h:
        return *numbers(h), spent


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    seen, told, rows = {}, 0, ["| configuration | directions / particles | unmatched / particles | told |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for name, configuration, words in configurations(options.all):
            key = (configuration if "\n" in configuration else os.path.basename(configuration), tuple(sorted(words)))
            if options.only not in name or key in seen:
                continue
            seen[key] = name
            full, unmatched, doubts, spent = solve(folder, configuration, words)
            told += bool(doubts)
            share = ["–" if v is None else f"{v:.2f}" for v in (full, unmatched)]
            rows.append(f"| {name} | {share[0]} | {share[1]} | {'; '.join(doubts)} |")
            print(rows[-1], f"{spent:.1f} s", flush=True)
    print(f"{len(seen)} configurations, {told} with something to tell")
    if options.write:
        path = os.path.join(ROOT, "docs", "reliability.md")
        head, rest = open(path, encoding="utf-8").read().split(BEGIN)
        open(path, "w", encoding="utf-8").write(head + BEGIN + "\n\n" + "\n".join(rows) + "\n\n" + END + rest.split(END)[1])
    return int(told > 0)


if __name__ == "__main__":
    sys.exit(main())
