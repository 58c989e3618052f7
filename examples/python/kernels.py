"""Kernels of networks beside those of the limit, and how their eigenvalues move as features are learned.

    build/moedmft compare examples/cosine.yaml -o out/kernels.h5 -s data.train=12 -s simulate.seeds=64
    PYTHONPATH=python /usr/bin/python3 examples/python/kernels.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", default="out/kernels.h5")
parser.add_argument("-o", "--output", default="out/kernels.png")
asked = parser.parse_args()

FIELDS = {"h": "stream", "a": "aggregate of the experts"}
try:
    with moedmft.open(asked.file) as run:
        figure = plt.figure(figsize=(15, 7.2), constrained_layout=True)
        for row, (part, (field, name)) in enumerate(zip(figure.subfigures(2, 1), FIELDS.items())):
            axes = part.subplots(1, 4, width_ratios=[1, 1, 1, 1.5])
            plot.kernel(run, field, axes=axes[:3])
            plot.spectrum(run, field, ax=axes[3])
            part.suptitle(f"kernel of {field} ({name}) at step {run.times[-1]}")
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=150)
