#!/usr/bin/python3
"""Whether anything is lost: kills, signals, full disks, folders that cannot be written, two writers, damaged files; docs/reliability.md.

    python3 validation/crash_safety.py [--trials N] [--seed S] [--only NAME] [--keep]

Each trial has a folder of its own, disturbs a run there (0.1 to 0.3 seconds), and then gives the same command again. A loss is an earlier complete
result that is gone, a rerun whose numbers differ in any bit from those of an undisturbed run, a damaged file that is taken as if it were whole,
a file beside the output that stays after the next run, a run that hangs, ends by a signal that nobody sent, or fails without one line that says why.
Every file in the folder is damaged, whatever it is called: results, locks, checkpoints. Exit status 1 where there was a loss.
"""
import argparse
import collections
import gzip
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

BIN = os.path.abspath(os.environ.get("MOEDMFT_BIN", "build/moedmft"))
PATIENCE = 120  # seconds after which a run counts as hanging
INTERRUPTED = 130
NOBODY = 65534
SIZES = ["-s", "solve.particles=150", "-s", "solve.replicas=3", "-s", "train.steps=8", "-s", "simulate.widths=[8, 16]"]
SEEDS = ["-s", "simulate.seeds=3"]
COMMANDS = {
    "solve": ["solve", "-"] + SIZES[:6] + ["-s", "train.steps=40"],
    "simulate": ["simulate", "-", "-s", "train.steps=200", "-s", "simulate.widths=[8, 16, 32]"] + SEEDS,
    "compare": ["compare", "-"] + SIZES + SEEDS,
    "coordcheck": ["coordcheck", "-"] + SIZES + SEEDS,
    "sweep": ["sweep", "-"] + SIZES + SEEDS + ["--over", "train.lr=0.1,0.3,0.5"],
}
# Of each a smaller one, whose complete result the command above extends.
SMALLER = {
    "solve": [a if a != "solve.replicas=3" else "solve.replicas=2" for a in COMMANDS["solve"]],
    "simulate": [a if a != "simulate.seeds=3" else "simulate.seeds=2" for a in COMMANDS["simulate"]],
    "compare": [a if a != "simulate.seeds=3" else "simulate.seeds=2" for a in COMMANDS["compare"]],
    "coordcheck": [a if a != "simulate.seeds=3" else "simulate.seeds=2" for a in COMMANDS["coordcheck"]],
    "sweep": [a if a != "train.lr=0.1,0.3,0.5" else "train.lr=0.1,0.5" for a in COMMANDS["sweep"]],
}


class Loss(Exception):
    pass


# ---- what a file holds ----

def contents(path):
    """Every dataset and attribute, bit by bit, but for times and the command line."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and "seconds" not in name:
            found[name] = (item.shape, item[()].tobytes())
        for key, value in item.attrs.items():
            if key not in ("created", "arguments"):
                found[f"{name}@{key}"] = numpy.asarray(value).tobytes()

    with h5py.File(path, "r") as f:
        visit("/", f)
        f.visititems(visit)
    return found


def same(path, reference):
    found = contents(path)
    return found.keys() == reference.keys() and all(found[k] == reference[k] for k in found)


def all_files(folder):
    """Those of runs in progress, in a folder of their own, among them; relative paths."""
    return sorted(os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


# ---- runs ----

def start(arguments, folder, output="out.h5", before=None, force=False):
    command = [BIN] + arguments + ["-q", "-t", "1", "-o", output] + (["--force"] if force else [])
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before)


def finish(process, sent=()):
    """Exit status and words; the end must be one that the run explains."""
    try:
        _, words = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        if process.poll() is None:  # else this script was stopped, not the run
            process.kill()
            process.communicate()
            raise Loss("hangs") from None
        _, words = process.communicate()
    code, words = process.returncode, words.decode(errors="replace").strip()
    if code < 0 and -code not in sent:
        raise Loss(f"ended by signal {-code}: {words[:200]}")
    if code > 0 and (not words or "\n" in words):
        raise Loss(f"status {code} without one line that says why: {words[:200]!r}")
    return code, words


def run(arguments, folder, **more):
    return finish(start(arguments, folder, **more))


class Trial:
    """A folder, a command, and what an undisturbed run gives."""

    def __init__(self, rng, folder, name, reference, earlier):
        self.rng, self.folder, self.name = rng, folder, name
        self.arguments, self.reference, self.earlier = COMMANDS[name], reference[name], earlier[name]

    def path(self, name="out.h5"):
        return os.path.join(self.folder, name)

    def start_with_earlier(self):
        """Half of the time there is a complete result that the command extends."""
        self.had = self.rng.random() < 0.5
        if self.had:
            shutil.copy(self.earlier, self.path())
            self.before = contents(self.path())

    def keeps_earlier(self):
        """What was complete is still complete: as it was, with more runs beside it, or extended."""
        if not self.had:
            return
        if not os.path.exists(self.path()):
            raise Loss("the earlier result is gone")
        try:
            now = contents(self.path())
        except OSError as error:
            raise Loss(f"the earlier result cannot be read: {error}") from None
        if all(now.get(k) == v for k, v in self.before.items()) or now == self.reference:
            return
        if self.name == "sweep":  # cells are added one by one: a larger table with the same cells
            return
        raise Loss("the earlier result has changed")

    def ends_well(self, force=False):
        """The command once more: complete, the same bits, nothing beside it."""
        code, words = run(self.arguments, self.folder, force=force)
        if code:
            raise Loss(f"the next run fails: {words[:300]}")
        if not same(self.path(), self.reference):
            raise Loss("the next run gives other numbers")
        left = sorted(set(os.listdir(self.folder)) - {"out.h5"})
        if left:
            raise Loss(f"left behind: {left}")


# ---- disturbances ----

def kill(t):
    t.start_with_earlier()
    for _ in range(t.rng.choice([1, 1, 1, 3])):
        process = start(t.arguments, t.folder)
        time.sleep(t.rng.uniform(0, 0.4))
        process.kill()
        finish(process, sent=[signal.SIGKILL])
        t.keeps_earlier()
    t.ends_well()


def interrupt(t):
    t.start_with_earlier()
    number = t.rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    process = start(t.arguments, t.folder)
    time.sleep(t.rng.uniform(0, 0.4))
    process.send_signal(number)
    code, words = finish(process, sent=[number])
    if code > 0 and code != INTERRUPTED:
        raise Loss(f"status {code} after signal {number}: {words[:200]}")
    t.keeps_earlier()
    t.ends_well()


def full_disk(t):
    """Files may not grow beyond a random size: a write fails where a disk would be full."""
    t.start_with_earlier()
    size = t.rng.randrange(0, 60000)
    code, _ = run(t.arguments, t.folder, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    t.keeps_earlier()
    if code == 0 and not same(t.path(), t.reference):
        raise Loss("success is reported, and the file is another")
    t.ends_well()


def small_disk(t):
    """A file system of a few pages."""
    size = t.rng.choice([4, 16, 32, 64])
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", t.folder], capture_output=True).returncode:
        return "not permitted"
    try:
        code, _ = run(t.arguments, t.folder)
        if code == 0 and not same(t.path(), t.reference):
            raise Loss("success is reported, and the file is another")
        if code and os.listdir(t.folder):
            raise Loss(f"left behind: {os.listdir(t.folder)}")
    finally:
        subprocess.run(["umount", t.folder], check=True)
    t.ends_well()


def as_nobody():
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def read_only(t):
    t.start_with_earlier()
    before = digest(t.path()) if t.had else None
    os.chmod(t.folder, 0o555)
    code, words = run(t.arguments, t.folder, before=as_nobody)
    os.chmod(t.folder, 0o755)
    if code == 0:
        raise Loss("success is reported in a folder that cannot be written")
    if "out.h5" not in words:
        raise Loss(f"the file is not named: {words[:200]}")
    if before and digest(t.path()) != before:
        raise Loss("the earlier result has changed")
    t.ends_well()


def missing_folder(t):
    code, words = run(t.arguments, t.folder, output="nowhere/out.h5")
    if code == 0 or "nowhere" not in words or os.listdir(t.folder):
        raise Loss(f"status {code}: {words[:200]}")
    t.ends_well()


def two_writers(t):
    t.start_with_earlier()
    processes = [start(t.arguments, t.folder)]
    time.sleep(t.rng.uniform(0, 0.2))
    processes.append(start(t.arguments, t.folder))
    codes = [finish(p)[0] for p in processes]
    if 0 not in codes or not same(t.path(), t.reference):
        raise Loss(f"two writers end with {codes}, and the file is not that of one")
    t.ends_well()


def damage(rng, path):
    """Bits flipped, bytes cut off, put in or overwritten, in place."""
    with open(path, "rb") as f:
        data = bytearray(f.read())
    how = rng.choice(["bit", "bits", "cut", "zeros", "insert", "empty"])
    if not data or how == "empty":
        data = bytearray() if data else bytearray(b"x")
    elif how in ("bit", "bits"):
        for _ in range(1 if how == "bit" else 20):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif how == "cut":
        del data[rng.randrange(len(data)):]
    elif how == "zeros":
        at = rng.randrange(len(data))
        data[at:at + 512] = bytes(len(data[at:at + 512]))
    else:
        at = rng.randrange(len(data))
        data[at:at] = bytes(rng.randrange(256) for _ in range(7))
    with open(path, "wb") as f:
        f.write(data)


def damaged_files(t):
    """Everything in the folder after a stopped run, or a complete file: each file damaged with even chances, one at least."""
    t.start_with_earlier()
    process = start(t.arguments, t.folder)
    if t.rng.random() < 0.5:
        time.sleep(t.rng.uniform(0, 0.4))
        process.send_signal(t.rng.choice([signal.SIGKILL, signal.SIGINT]))
    finish(process, sent=[signal.SIGKILL, signal.SIGINT])
    files = all_files(t.folder)
    if not files:
        return t.ends_well()
    chosen = [f for f in files if t.rng.random() < 0.5] or [t.rng.choice(files)]
    for name in chosen:
        damage(t.rng, t.path(name))
    state = {name: digest(t.path(name)) for name in files}
    for command in (["info", "out.h5"], ["plot", "out.h5", "-o", "a.svg"]):
        if os.path.exists(t.path()):
            finish(subprocess.Popen([BIN] + command, cwd=t.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
    if os.path.exists(t.path("a.svg")):
        os.remove(t.path("a.svg"))
    code, words = run(t.arguments, t.folder)
    if code == 0:
        if not same(t.path(), t.reference):
            raise Loss(f"damaged {chosen}, and the run goes on to other numbers")
        return t.ends_well()
    if not any(name in words for name in chosen):
        raise Loss(f"damaged {chosen}, which the message does not name: {words[:200]}")
    if any(digest(t.path(name)) != state[name] for name in files if os.path.exists(t.path(name)) and name in chosen):
        raise Loss("a refused file has changed")
    for name in chosen:
        if name != "out.h5" and os.path.exists(t.path(name)):
            os.remove(t.path(name))  # as the message asks for
    t.ends_well(force=True)


def damaged_inputs(t):
    """A configuration, images, HDF5 data, whatever of their bytes is another: a result, or a line that names the file."""
    x, y = numpy.arange(96.0).reshape(8, 12) % 7, numpy.array([1.0, -1] * 4)
    with h5py.File(t.path("d.h5"), "w") as f:
        f.create_dataset("x", data=x, chunks=(2, 12), compression="gzip", shuffle=True)
        f["y"] = y
    with gzip.open(t.path("x.gz"), "wb") as f:
        f.write(bytes([0, 0, 8, 3, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 4]) + bytes(x.astype("u1").tobytes()))
    with open(t.path("y"), "wb") as f:
        f.write(bytes([0, 0, 8, 1, 0, 0, 0, 8]) + bytes([0, 1] * 4))
    source = t.rng.choice(["hdf5", "idx"])
    inputs = ["c.yaml"] + (["d.h5"] if source == "hdf5" else ["x.gz", "y"])
    names = {"hdf5": "file: d.h5", "idx": "file: x.gz\n  labels: y"}[source]
    with open(t.path("c.yaml"), "w") as f:
        f.write(f"data:\n  source: {source}\n  {names}\ntrain:\n  steps: 2\nsolve:\n  particles: 60\n  replicas: 1\n")
    chosen = t.rng.choice(inputs)
    damage(t.rng, t.path(chosen))
    code, words = run(["solve", "c.yaml"], t.folder, before=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)))
    if code and chosen not in words and "c.yaml" != chosen:
        raise Loss(f"damaged {chosen}, which the message does not name: {words[:200]}")
    left = [f for f in os.listdir(t.folder) if ".tmp." in f or f.endswith(".lock")]
    if left or (code and code != 6 and os.path.exists(t.path())):
        raise Loss(f"status {code}, left behind: {os.listdir(t.folder)}")


DISTURBANCES = [kill, kill, interrupt, full_disk, small_disk, read_only, missing_folder, two_writers, damaged_files, damaged_files, damaged_inputs, damaged_inputs]


# ---- all of them ----

def prepare(folder):
    reference, earlier = {}, {}
    for name, arguments in COMMANDS.items():
        code, words = run(arguments, folder, output=f"{name}.h5")
        if code:
            sys.exit(f"crash_safety: {name} fails undisturbed: {words}")
        reference[name] = contents(os.path.join(folder, f"{name}.h5"))
        earlier[name] = os.path.join(folder, f"{name}-earlier.h5")
        run(SMALLER[name], folder, output=f"{name}-earlier.h5")
    return reference, earlier


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=sorted({d.__name__ for d in DISTURBANCES}))
    parser.add_argument("--keep", action="store_true", help="keep the folders of losses")
    options = parser.parse_args()
    root = tempfile.mkdtemp(prefix="moedmft-crash-")
    os.chmod(root, 0o755)
    reference, earlier = prepare(root)
    counts, losses, left_out = collections.Counter(), [], collections.Counter()
    choices = [d for d in DISTURBANCES if options.only in (None, d.__name__)]
    for i in range(options.trials):
        rng = random.Random(options.seed * 1000003 + i)
        disturb, name = rng.choice(choices), rng.choice(sorted(COMMANDS))
        folder = os.path.join(root, f"trial-{i}")
        os.mkdir(folder, 0o755)
        try:
            if disturb(Trial(rng, folder, name, reference, earlier)) == "not permitted":
                left_out[disturb.__name__] += 1
            else:
                counts[disturb.__name__] += 1
        except Loss as loss:
            counts[disturb.__name__] += 1
            losses.append((i, disturb.__name__, name, str(loss)))
            print(f"trial {i}, {disturb.__name__}, {name}: {loss}", flush=True)
            if options.keep:
                continue
        shutil.rmtree(folder, ignore_errors=True)
    for name in sorted(counts):
        print(f"{name:16}{counts[name]:5} trials {sum(l[1] == name for l in losses):4} losses")
    for name, n in left_out.items():
        print(f"{name:16}{n:5} left out: not permitted here")
    print(f"{sum(counts.values())} trials, {len(losses)} losses (seed {options.seed})")
    if not options.keep:
        shutil.rmtree(root, ignore_errors=True)
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main())
