#!/usr/bin/env python3
"""Breaks one formula at a time (mutations.txt) in a copy of the sources and looks whether the tests notice.

Each mutant is built in the same folder; then the suites that its entry names are run, then all others, then the rest of `make test`, up to the
first test that fails. Suites that noticed a mutant of the same file come first, then the quick ones (their times stand in FOLDER/times.json, measured
before the first mutant). A mutant that no test notices survives: a test is missing, or the reason stands in `SURVIVE`
of mutations.txt. Exit status 1 with fewer than 95 % noticed or a survivor without a reason; 2 where an entry does not apply or compile.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = ROOT / "validation" / "mutations.txt"
LEAST = 0.95
BROKEN = "the compiler"  # which notices no wrong formula
PATIENT = 10  # seconds: suites that take longer are asked last, unless an entry has their whole name
LIMIT = 900  # seconds that one test may take; a mutant that hangs is noticed


def read(path):
    """Entries: file, suites, old, new, what, survives (a reason, or None)."""
    entries, file, suites, entry = [], None, [], {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        mark, text = line[:2], line[2:].replace("\\n", "\n")
        if not line or line.startswith("#"):
            continue
        if mark == "@ ":
            file, _, words = (part.strip() for part in text.partition(" : "))
            suites = words.split()
        elif mark == "- ":
            entry = {"file": file, "suites": suites, "old": text, "survives": None, "line": number}
        elif mark == "+ ":
            entry["new"] = text
        elif mark == "= ":
            entries.append({**entry, "what": text})
        elif mark == "! " and entries:
            entries[-1]["survives"] = text
        else:
            sys.exit(f"{path}:{number}: lines begin with @, -, +, =, ! or #")
    return entries


def faults(entries):
    """What does not apply: one line for each entry whose old text does not stand exactly once."""
    found = []
    for e in entries:
        count = (ROOT / e["file"]).read_text().count(e["old"]) if (ROOT / e["file"]).is_file() else None
        if count != 1 or e["old"] == e["new"]:
            where = "no such file" if count is None else f"stands {count} times" if count != 1 else "the same text twice"
            found.append(f"{LIST.name}:{e['line']}: {e['file']}: {e['old']!r}: {where}; it must stand once")
    return found


class Copy:
    """The sources in a folder of their own, built and tested there."""

    def __init__(self, folder, python):
        self.folder, self.python = pathlib.Path(folder), python
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            to = self.folder / name
            to.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file() and not (to.is_file() and to.read_bytes() == (ROOT / name).read_bytes()):
                shutil.copy(ROOT / name, to)  # with the time of now, so that make sees it

    def run(self, *words, **env):
        try:
            done = subprocess.run(words, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=LIMIT, env={**os.environ, "MOEDMFT_BIN": "build/moedmft", "MOEDMFT_MPI_BIN": "", **env})
        except subprocess.TimeoutExpired as late:
            self.said = (late.stdout or b"").decode(errors="replace") + f"\n{' '.join(words)}: not done after {LIMIT} s"
            return False
        self.said = done.stdout.decode(errors="replace")
        return done.returncode == 0

    def build(self, *targets):
        return self.run("make", "-s", "MPI=", "CFLAGS=-O1 -w", *targets)

    def suites(self):
        self.run("build/run-tests", "no such suite")
        return shlex.split(self.said.split("suites:")[1])

    def starting(self):
        """Tests that start the program: the suites whose file, or what it includes, does, and the scripts."""
        names = {"tests/reference.sh", "validation/official.py", "python/tests"}
        for path in (self.folder / "tests").glob("*/test_*.c"):
            text = path.read_text()
            if re.search(r'#include "support/(program|refusals|results|sweeps)\.h"', text):
                names.update(re.findall(r'^SUITE\w*\("([^"]+)"', text, re.M))
        return names | {n for n in self.times if n.startswith("cli/")}

    def measure(self):
        """Seconds that each suite takes without a mutation."""
        kept = self.folder / "times.json"
        self.times = json.loads(kept.read_text()) if kept.is_file() else {}
        for name in self.suites():
            if name not in self.times:
                start = time.time()
                if not self.run("build/run-tests", "--stop", name):
                    sys.exit(f"without a mutation {name} fails:\n{self.said[-2000:]}")
                self.times[name] = time.time() - start
                kept.write_text(json.dumps(self.times))
        self.start_program = self.starting()

    def tests(self, first, likely=()):
        """Names and commands of all tests, those of the suites named first first; among them the likely ones, and the quick ones."""
        for name in sorted(self.times, key=lambda n: (not any(n.startswith(f) for f in first), n not in likely, self.times[n])):
            yield name, ("build/run-tests", "--stop", name), {}
        yield "tests/reference.sh", ("sh", "tests/reference.sh", "build/moedmft", self.python), {}
        yield "validation/official.py", (self.python, "validation/official.py", "--quick"), {}
        yield "python/tests", (self.python, "-m", "unittest", "discover", "-s", "python/tests"), {"PYTHONPATH": "python"}

    def notice(self, first, likely, only):
        """The first test that fails, of the suites named first only, or of all others; None: none does. The program is built when a test first needs it."""
        built = False
        for name, words, env in self.tests(first, likely):
            if only != (name in first or any(name.startswith(f) for f in first) and self.times.get(name, 0) < PATIENT):
                continue
            if not built and name in self.start_program:
                built = self.build("all")
            if not self.run(*words, **env):
                return name
        return None

    def failing(self, names):
        """Those of the tests that fail without a mutation."""
        if not self.build("all", "build/run-tests"):
            sys.exit(f"the sources do not compile:\n{self.said[-2000:]}")
        return [name for name, words, env in self.tests([]) if name in names and not self.run(*words, **env)]


def try_entry(copy, entry, likely, only):
    """Who notices an entry: a test (of the suites that it names, or of all), or None."""
    path = copy.folder / entry["file"]
    good = path.read_text()
    path.write_text(good.replace(entry["old"], entry["new"]))
    try:
        if not copy.build("build/run-tests"):
            print(f"{LIST.name}:{entry['line']}: does not compile:\n{copy.said[-2000:]}", file=sys.stderr)
            return BROKEN
        return copy.notice(entry["suites"], likely, only)
    finally:
        path.write_text(good)


def choose(entries, sample, only):
    """Every entry, those of some files or lines, or a fixed sample spread evenly over the list."""
    if only:
        entries = [e for e in entries if any(o in e["file"] or o in e["what"] or o == str(e["line"]) for o in only)]
    if not sample or sample >= len(entries):
        return entries
    return [entries[i * len(entries) // sample] for i in range(sample)]


def report(results):
    if any(r["by"] == BROKEN for r in results):
        return 2
    noticed = [r for r in results if r["by"]]
    bad = [r for r in results if not r["by"] and not r["survives"]]
    print(f"{len(noticed)} of {len(results)} noticed, {100 * len(noticed) / max(1, len(results)):.1f} %; "
          f"survivors without a reason: {len(bad)}")
    for r in results:
        if not r["by"]:
            print(f"  survives: {r['file']}: {r['what']}: {r['survives'] or 'no reason is known'}")
    return 0 if len(noticed) >= LEAST * len(results) and not bad else 1


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--check", action="store_true", help="only whether every entry still applies (part of make test)")
    p.add_argument("--sample", type=int, default=0, metavar="N", help="N entries, always the same")
    p.add_argument("--only", action="append", metavar="WORD", help="entries whose file or formula contains WORD, or of that line")
    p.add_argument("--results", type=pathlib.Path, metavar="FILE", help="a line of JSON for each mutant; those in it are not tried again")
    p.add_argument("--named", action="store_true", help="only the suites that entries name: what these do not notice stays open")
    p.add_argument("--folder", default=ROOT / "build-mutation", help="where they are built; what is there already is not built anew")
    p.add_argument("--python", default="/usr/bin/python3")
    a = p.parse_args()
    entries = read(LIST)
    wrong = faults(entries)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 2
    if a.check:
        print(f"mutations: {len(entries)} entries apply")
        return 0
    entries = choose(entries, a.sample, a.only)
    old = {}
    if a.results and a.results.is_file():
        old = {(r["file"], r["old"], r["new"]): r for r in map(json.loads, a.results.read_text().splitlines())}
    results = {}
    copy = Copy(a.folder, a.python)
    if not copy.build("all", "build/run-tests"):
        sys.exit(f"the sources do not compile:\n{copy.said[-2000:]}")
    copy.measure()
    for only in (True,) if a.named else (True, False):  # the suites that entries name; then all tests for what these do not notice
        for i, e in enumerate(entries, 1):
            known = old.get((e["file"], e["old"], e["new"]))
            if e["line"] in results and results[e["line"]]["by"] or (only and known and not known["by"]):
                continue
            start = time.time()
            likely = {r["by"] for r in [*old.values(), *results.values()] if r["file"] == e["file"]}
            result = results[e["line"]] = {**e, "by": known["by"] if known else try_entry(copy, e, likely, only)}
            final = result["by"] or not only
            if a.results and not known and final and result["by"] != BROKEN:
                with a.results.open("a") as f:
                    f.write(json.dumps(result) + "\n")
            said = result["by"] or ("goes on to all tests" if only else "SURVIVES")
            print(f"{i}/{len(entries)} {e['file']}: {e['what']}: {said} ({time.time() - start:.0f} s)", flush=True)
    wrong = copy.failing({r["by"] for r in results.values()})
    if wrong:
        sys.exit("without a mutation these fail, so that they notice nothing: " + ", ".join(wrong))
    return report([results[e["line"]] for e in entries])


if __name__ == "__main__":
    sys.exit(main())
