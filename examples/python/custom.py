"""A parameterization by hand beside the published one it changes: a router that starts smaller.

    build/moedmft compare examples/custom.yaml -o out/custom.h5
    build/moedmft compare - -o out/mssp.h5 -s 'simulate.widths=[32, 64, 128]' -s 'simulate.seeds=[256, 256, 128]'
    PYTHONPATH=python /usr/bin/python3 examples/python/custom.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("custom", nargs="?", default="out/custom.h5")
parser.add_argument("published", nargs="?", default="out/mssp.h5")
parser.add_argument("-o", "--output", default="out/custom.png")
asked = parser.parse_args()

try:
    figure, axes = plt.subplots(2, 2, figsize=(10, 7), sharex=True, sharey="row", constrained_layout=True)
    for column, file in enumerate((asked.custom, asked.published)):
        with moedmft.open(file) as run:
            plot.loss(run, ax=axes[0, column], log=True).set_title(run.config["model.parameterization"])
            plot.observable(run, "router/logit_std", ax=axes[1, column])
        axes[0, column].set_xlabel("")
        axes[1, column].get_legend().remove()
    axes[1, 0].set_ylabel("standard deviation of logits over experts")
    axes[1, 1].set_ylabel("")
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=150)
