"""Order parameters while a network learns: logits, loads, kernels and the tangent kernel, networks beside the limit.

    sh scripts/study.sh order
    PYTHONPATH=python /usr/bin/python3 examples/python/order_parameters.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", default="out/order.h5")
parser.add_argument("-o", "--output", default="out/order.png")
asked = parser.parse_args()

try:
    with moedmft.open(asked.file) as run:
        figure, axes = plt.subplots(2, 3, figsize=(13, 7.4), constrained_layout=True)
        axes[0, 1].sharex(axes[0, 0])
        axes[0, 1].sharey(axes[0, 0])
        plot.histogram(run, at=0, ax=axes[0, 0]).set_title("logits at the start")
        plot.histogram(run, ax=axes[0, 1]).set_title(f"logits at step {run.times[-1]}")
        plot.observable(run, "router/load_kl", ax=axes[0, 2]).set_title("imbalance of loads")
        axes[0, 2].set_ylabel("divergence of loads from uniform")
        axes[0, 2].set_ylim(0)
        plot.alignment(run, ("h", "a", "ntk"), ax=axes[1, 1]).legend(loc="center right", bbox_to_anchor=(1, 0.66), fontsize=9)
        plot.tangent(run, ax=axes[1, 2])
        plot.spectrum(run, "h", ax=axes[1, 0]).set_title(axes[1, 1].get_title())
        axes[1, 0].set_ylabel("largest eigenvalues of the kernel of h")
        for ax in (axes[0, 1], axes[0, 2], axes[1, 0]):
            ax.get_legend().remove()
        axes[0, 1].set_ylabel("")
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=100)
