"""Does the best learning rate transfer? Loss against rate for every width, and the best rate against width.

    sh scripts/study.sh sweep
    PYTHONPATH=python /usr/bin/python3 examples/python/sweep.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", default="out/sweep.h5")
parser.add_argument("-o", "--output", default="out/sweep.png")
asked = parser.parse_args()

try:
    with moedmft.open(asked.file) as run:
        panels = len(run.sweep.slices)
        figure = plt.figure(figsize=(3.9 * panels + 4.2, 4.4), constrained_layout=True)
        left, right = figure.subfigures(1, 2, width_ratios=[3.9 * panels, 4.2])
        plot.sweep(run, left.subplots(1, panels, sharey=True, squeeze=False)[0])
        plot.optimum(run, right.subplots()).set_title("best value against width")
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=100)
