"""Adam at several widths beside its limit: loss under two parameterizations, and the deviation of both against N.

    sh scripts/study.sh optimizers
    PYTHONPATH=python /usr/bin/python3 examples/python/optimizers.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("first", nargs="?", default="out/optimizers_mup.h5")
parser.add_argument("second", nargs="?", default="out/optimizers_mssp.h5")
parser.add_argument("-o", "--output", default="out/optimizers.png")
asked = parser.parse_args()

try:
    figure, axes = plt.subplots(1, 3, figsize=(14, 4.4), constrained_layout=True)
    axes[1].sharey(axes[0])
    for i, file in enumerate((asked.first, asked.second)):
        with moedmft.open(file) as run:
            plot.loss(run, ax=axes[i]).set_title(plot.title(run))
            plot.deviation(run, plot.title(run).split(", ")[1], i, ax=axes[2])
    axes[1].set_ylabel("")
    axes[1].get_legend().remove()
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=100)
