#!/usr/bin/env python3
"""The recipes of docs/guide.md, run as they stand: do they work, and how long do they take?

    validation/guide_times.py [--program build/moedmft] [--only WORD]

Every block of sh and Python of the section "I want to" runs in a scratch folder that looks like the repository, one command after the
other; WORD: only the recipes whose heading has it. Prints the processor time of each command divided by two, which is what two cores
take. Exit status 1 when a command fails. Blocks that install or complete are left out.
"""
import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LEFT_OUT = ("make install", "source completions", "cc first.c")


def recipes(text):
    """(heading, language, block) of every recipe."""
    for section in re.split(r"^### ", text, flags=re.M)[1:]:
        heading, rest = section.split("\n", 1)
        rest = re.split(r"^## ", rest, flags=re.M)[0]
        for language, block in re.findall(r"^```(sh|python)\n(.*?)^```", rest, flags=re.M | re.S):
            yield heading.strip("… ."), language, block


def commands(language, block):
    if language == "python":
        return [block]
    lines = block.replace("\\\n", " ").splitlines()
    return [re.sub(r"\s+", " ", line.strip()) for line in lines if line.strip() and not line.startswith("#")]


def make_place(folder, program):
    """A folder with what the commands name: the repository's folders, an empty out, moedmft on the path."""
    for name in ("examples", "data", "validation", "python", "scripts", "docs"):
        os.symlink(os.path.join(ROOT, name), os.path.join(folder, name))
    for name in ("out", "bin", "build"):
        os.mkdir(os.path.join(folder, name))
    for name in ("bin", "build"):
        os.symlink(os.path.abspath(program), os.path.join(folder, name, "moedmft"))


def run(command, language, folder):
    """Exit status, what it said, and its processor seconds."""
    environment = {**os.environ, "PATH": os.path.join(folder, "bin") + ":" + os.environ["PATH"], "PYTHONPATH": os.path.join(ROOT, "python")}
    words = ["bash", "-c", command] if language == "sh" else [sys.executable, "-c", command]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.returncode, done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "moedmft"))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    failed, last = 0, None
    with open(os.path.join(ROOT, "docs", "guide.md"), encoding="utf-8") as guide, tempfile.TemporaryDirectory() as folder:
        make_place(folder, options.program)
        for heading, language, block in recipes(guide.read()):
            if options.only not in heading or any(word in block for word in LEFT_OUT):
                continue
            if heading != last:
                print(f"\n{heading}")
                last = heading
            for command in commands(language, block):
                status, said, seconds = run(command, language, folder)
                failed += status != 0
                shown = command if language == "sh" else "(Python)"
                print(f"{seconds / 2:8.1f} s  {shown[:110]}" + (f"\n    status {status}: {said.strip()[-300:]}" if status else ""), flush=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
