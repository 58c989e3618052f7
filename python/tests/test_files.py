"""Files that others have changed, or that were damaged: one clear line or right numbers, from the program and from the package."""

import contextlib
import io
import os
import random
import shutil
import subprocess
import unittest
import warnings
from unittest import mock

import h5py
import numpy as np

import moedmft
from moedmft import seal, trial
from moedmft.__main__ import main
from samples import PROGRAM, altered, folder, sample, sweep

SMALL = ["-q", "-s", "train.steps=3", "-s", "solve.particles=200", "-s", "solve.replicas=2", "-s", "simulate.widths=[8, 12]",
         "-s", "data.test=2", "-s", "output.ntk=true", "-s", "output.times=[0, 3]"]
COMPARE = ["compare", "-", *SMALL, "-s", "simulate.seeds=3"]
MORE = ["compare", "-", *SMALL, "-s", "simulate.seeds=4"]
SWEEP = ["sweep", "-", *SMALL, "-s", "simulate.seeds=3", "--over", "model.parameterization=mup,ntp", "--over", "train.lr=0.1,0.3"]
WIDER = [*SWEEP[:-1], "train.lr=0.1,0.3,0.4"]


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, errors="replace")


def reseal(path):
    """Makes a changed file look as if moedmft had written it."""
    with open(path, "rb") as file:
        content = file.read()
    with open(path, "ab") as file:
        file.write(seal.seal(len(content), seal.zlib.crc32(content)))


def replace(f, name, value):
    attributes = dict(f[name].attrs)
    del f[name]
    f[name] = value
    for key, text in attributes.items():
        f[name].attrs[key] = text


# What can be done to a dataset, a group and an attribute.
DATASETS = {
    "drop": lambda f, n: f.__delitem__(n),
    "flatten": lambda f, n: replace(f, n, f[n][()].reshape(-1)),
    "repeat": lambda f, n: replace(f, n, np.concatenate([np.atleast_1d(f[n][()])] * 2)),
    "shorten": lambda f, n: replace(f, n, np.atleast_1d(f[n][()])[:-1]),
    "transpose": lambda f, n: replace(f, n, f[n][()].T.copy()),
    "add a dimension to": lambda f, n: replace(f, n, f[n][()][None]),
    "empty": lambda f, n: replace(f, n, np.zeros((0,) * max(1, f[n].ndim))),
    "make integers of": lambda f, n: replace(f, n, np.nan_to_num(f[n][()], posinf=0, neginf=0).astype("i4")),
    "make single precision of": lambda f, n: replace(f, n, f[n][()].astype("f4")),
    "make text of": lambda f, n: replace(f, n, "words"),
    "put NaN into": lambda f, n: f[n].__setitem__((), np.nan),
    "put -5.5 into": lambda f, n: f[n].__setitem__((), -5.5),
    "put 1e300 into": lambda f, n: f[n].__setitem__((), 1e300),
    "shift": lambda f, n: f[n].__setitem__((), f[n][()] + 1),
    "make a group of": lambda f, n: (f.__delitem__(n), f.create_group(n)),
    "make nothing of": lambda f, n: replace(f, n, h5py.Empty("f8")),
    "promise a petabyte in": lambda f, n: (f.__delitem__(n), f.create_dataset(n, shape=(1 << 47,), chunks=(1 << 20,), dtype="f8")),
}
GROUPS = {
    "drop": lambda f, n: f.__delitem__(n),
    "a circle in": lambda f, n: f[n].__setitem__("circle", f[n]),
    "the root in": lambda f, n: f[n].__setitem__("root", f["/"]),
    "a broken link in": lambda f, n: f[n].__setitem__("nowhere", h5py.SoftLink("/nowhere")),
    "a dataset instead of": lambda f, n: replace(f, n, 1.0),
    "foreign arrays in": lambda f, n: f[n].__setitem__("foreign/x", np.arange(3.0)),
}
ATTRIBUTES = {
    "drop": lambda node, a: node.attrs.__delitem__(a),
    "a list in": lambda node, a: node.attrs.__setitem__(a, np.arange(3)),
    "NaN in": lambda node, a: node.attrs.__setitem__(a, np.nan),
    "-1 in": lambda node, a: node.attrs.__setitem__(a, -1),
    "1e18 in": lambda node, a: node.attrs.__setitem__(a, 1e18),
    "long text in": lambda node, a: node.attrs.__setitem__(a, "x" * 9000),
    "bytes in": lambda node, a: node.attrs.__setitem__(a, b"\xff\x01\n["),
}


def changes(path):
    """Every change of a file as (what, function of the open file)."""
    datasets, nodes, found = [], ["/"], []
    with h5py.File(path) as f:
        f.visititems(lambda name, node: (datasets if isinstance(node, h5py.Dataset) else nodes).append(name))
        attributes = [(name, key) for name in nodes for key in f[name].attrs]
    found += [(f"{what} {n}", lambda f, do=do, n=n: do(f, n)) for n in datasets for what, do in DATASETS.items()]
    found += [(f"{what} {n}", lambda f, do=do, n=n: do(f, n)) for n in nodes[1:] for what, do in GROUPS.items()]
    found += [(f"{what} {n}@{a}", lambda f, do=do, n=n, a=a: do(f[n], a)) for n, a in attributes for what, do in ATTRIBUTES.items()]
    return found


def some_changes(path, n, seed):
    """n of them, and n of those that touch what a run goes on from and is not just one more array."""
    everything, draw = changes(path), random.Random(seed)
    special = [c for c in everything if c[0].endswith(("members/index", "width_8/members/observables/train/loss", "width_8@runs", "sweep/runs", "sweep/width",
                                                     "sweep/each/final", "/@schema_version", "/@config", "/@status"))]
    return draw.sample(special, n) + draw.sample(everything, n)


def arrays(path):
    """Every array of a file, but for times."""
    found = {}
    with h5py.File(path) as f:
        f.visititems(lambda name, node: found.update({name: node[()]}) if isinstance(node, h5py.Dataset) and "seconds" not in name else None)
    return found


class Changed(unittest.TestCase):
    """Every change gives one line and a failure, or right numbers; never a crash."""

    def said_clearly(self, what, done):
        lines = done.stderr.splitlines()
        if done.returncode == 0:
            self.assertEqual(lines, [], what)
        else:
            self.assertIn(done.returncode, (3, 4, 5), f"{what}: {done.returncode} {lines[-3:]}")
            self.assertTrue(len(lines) == 1 and lines[0].startswith("moedmft: "), f"{what}: {lines[-3:]}")

    def overview(self, what, path):
        """What the package says about the file: the same promise."""
        said = io.StringIO()
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            warnings.simplefilter("ignore")
            self.assertEqual(main([path]), len(said.getvalue().splitlines()), what)

    def same_numbers(self, what, path, right):
        """right: arrays by their names."""
        with h5py.File(path) as a:
            for name, array in right.items():
                self.assertIn(name, a, what)
                np.testing.assert_array_equal(a[name][()], array, err_msg=f"{what}: {name}")

    def check(self, make, extend, pictures, n, seed):
        whole, right, path = (os.path.join(folder(), f"{make[0]}-{name}.h5") for name in ("whole", "right", "changed"))
        for file, line in ((whole, make), (right, make), (right, extend)):
            self.assertEqual(run(*line, "-o", file).returncode, 0)
        numbers = arrays(right)
        for what, change in some_changes(whole, n, seed):
            shutil.copy(whole, path)
            try:
                with h5py.File(path, "r+") as f:
                    change(f)
            except (ValueError, TypeError, OSError):  # cannot be done to this one, e.g. the transpose of a number
                continue
            self.said_clearly(f"{what}: info", run("info", path))
            for picture in pictures:
                self.said_clearly(f"{what}: plot", run("plot", path, "-q", "--what", picture, "-o", os.path.join(folder(), "changed.svg")))
            done = run(*extend, "-o", path)
            self.assertTrue(done.returncode in (3, 5) and len(done.stderr.splitlines()) == 1, f"{what}: went on from a changed file")
            self.overview(what, path)
            reseal(path)
            done = run(*extend, "-o", path)
            self.said_clearly(f"{what}: extended", done)
            if done.returncode == 0:
                self.same_numbers(what, path, numbers)

    def test_comparison(self):
        self.check(COMPARE, MORE, ["loss"], 4, 1)

    def test_sweep(self):
        self.check(SWEEP, WIDER, ["sweep"], 8, 2)


class Checksums(unittest.TestCase):
    def test_damage_is_found_before_hdf5_sees_it(self):
        with open(sample(), "rb") as file:
            content = file.read()
        path, rng = os.path.join(folder(), "damaged.h5"), random.Random(1)
        for at in [rng.randrange(len(content) - 1) for _ in range(300)]:
            with open(path, "wb") as file:
                file.write(content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1:])
            try:
                with moedmft.open(path) as run_:
                    self.assertFalse(run_.sealed)  # the mark of the seal itself
                    self.assertGreaterEqual(at, len(content) - seal.SIZE)
            except moedmft.FileError as error:
                self.assertIn("does not match its checksum", str(error))
        with open(path, "wb") as file:
            file.write(content[:-9])
        with self.assertRaisesRegex(moedmft.FileError, "ends too early"):
            moedmft.open(path)

    def test_files_changed_by_others_are_read_without_it(self):
        with moedmft.open(sample()) as right, moedmft.open(altered(sample(), lambda f: f.attrs.__setitem__("note", "mine"))) as changed:
            self.assertEqual((right.sealed, changed.sealed), (True, False))
            np.testing.assert_array_equal(changed.limit.loss, right.limit.loss)
            self.assertEqual(changed.attributes["note"], "mine")

    def test_hdf5_may_crash_on_files_changed_by_others(self):
        path = altered(sample(), lambda f: f.attrs.__setitem__("note", "mine"))
        for script, seconds, words in (("import os; os.abort()", 60.0, "HDF5 crashes on it"), ("while True: pass", 0.0, "did not come to an end")):
            with mock.patch.object(trial, "_READ", script), mock.patch.object(trial, "SECONDS", seconds):
                with self.assertRaisesRegex(moedmft.FileError, words):
                    moedmft.open(path)
                moedmft.open(sample()).close()  # a checksum needs no trial

    def test_what_a_file_promises_and_does_not_hold_is_not_read(self):
        def promise(f):
            f.create_dataset("promise", shape=(1 << 47,), chunks=(1 << 10,), dtype="f8")[5] = 1

        with mock.patch.object(trial, "SECONDS", 20.0):  # hours, if it were
            with moedmft.open(altered(sample(), promise)) as run_:
                with self.assertRaisesRegex(moedmft.FileError, "promise promises 140737488355328 numbers"):
                    run_["promise"]

    def test_all_of_a_file_is_under_a_checksum_of_hdf5_and_text_has_a_fixed_length(self):
        def look(name, node):
            for key in node.attrs:
                self.assertFalse(node.attrs.get_id(key).dtype.hasobject, f"{name}@{key}")
            if isinstance(node, h5py.Dataset):
                compact = node.id.get_create_plist().get_layout() == h5py.h5d.COMPACT
                self.assertTrue(compact or node.fletcher32, name)

        for path in (sample(), sweep()):
            with h5py.File(path) as f:
                look("/", f)
                f.visititems(look)


if __name__ == "__main__":
    unittest.main()
