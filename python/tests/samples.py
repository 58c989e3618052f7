"""Small output files for the tests, written by the program named in MOEDMFT_BIN (default: build/moedmft)."""

import atexit
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("MOEDMFT_BIN", ROOT / "build" / "moedmft"))
SMALL = {
    "train.steps": "6",
    "solve.particles": "400",
    "solve.replicas": "3",
    "simulate.widths": "[8, 16]",
    "simulate.seeds": "[40, 30]",
    "output.times": "[0, 2, 6]",
    "output.responses": "true",
    "data.train": "4",
    "data.test": "3",
}
_folder = None
_made = {}


def folder():
    """A folder that lives as long as the tests."""
    global _folder
    if _folder is None:
        _folder = tempfile.mkdtemp(prefix="moedmft-python-")
        atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    return _folder


def sample(command="compare", expect=0, weights=False, over=(), refine=None, **changes):
    """Path of the file that `moedmft COMMAND` writes with the settings SMALL and changes ("__" for "."); made once."""
    settings = {**SMALL, **{key.replace("__", "."): value for key, value in changes.items()}}
    line = [PROGRAM, command, "-", "-q", *(["--save-weights"] if weights else [])]
    for axis in over:
        line += ["--over", axis]
    line += [f"--refine={refine}"] if refine else []
    for key, value in settings.items():
        line += ["--set", f"{key}={value}"]
    key = tuple(line)
    if key not in _made:
        path = os.path.join(folder(), f"{command}{len(_made)}.h5")
        done = subprocess.run([*line, "-o", path], stderr=subprocess.PIPE, text=True)
        if done.returncode != expect:
            raise RuntimeError(f"{' '.join(line)}: status {done.returncode}: {done.stderr}")
        _made[key] = path
    return _made[key]


def sweep(*over):
    """A sweep over the axes given, by default parameterizations and rates, of which the last is too large."""
    over = over or ("model.parameterization=mup,mssp", "train.lr=0.3,1.2,60")
    return sample("sweep", over=over, output__responses="false", solve__replicas="2", simulate__seeds="[4, 3]")


def depths():
    """A sweep over two depths and rates."""
    return sample("sweep", over=("model.depth=1,2", "train.lr=0.1,0.3,0.9"), output__responses="false", solve__replicas="3", simulate__seeds="[4, 3]")


def coordcheck():
    return sample("coordcheck", output__responses="false", model__parameterization="mup")


def transformer():
    """Files of three commands: compare, a sweep, and the coordinate check of an attention block and one of experts."""
    rates = sample("sweep", over=("train.lr=0.1,0.3,0.9",), output__responses="false", solve__replicas="2", simulate__seeds="[4, 3]")
    return [sample(), rates, sample("coordcheck", output__responses="false", model__depth="1", model__blocks="[attention, moe]", data__context="2", data__test="0")]


def order():
    """With tangent kernels and top-K routing."""
    return sample(output__ntk="true", model__active_fraction="0.5")


def self_consistency():
    """With two self-consistency sweeps."""
    return sample("solve", solve__sweeps="2", solve__particles="1000", output__responses="false", data__test="0")


def altered(source, change):
    """A copy of a file after change(h5py.File)."""
    import h5py

    path = os.path.join(folder(), f"altered{len(os.listdir(folder()))}.h5")
    shutil.copy(source, path)
    with h5py.File(path, "r+") as file:
        change(file)
    return path
