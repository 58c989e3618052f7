"""What a top-K router does while it learns: loads, sharpness of the gate, size of the logits.

    build/moedmft compare examples/topk.yaml -o out/topk.h5
    PYTHONPATH=python /usr/bin/python3 examples/python/router.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", default="out/topk.h5")
parser.add_argument("-o", "--output", default="out/router.png")
asked = parser.parse_args()

CURVES = {
    "train/loss": "train loss",
    "router/load_std": "spread of loads over experts / mean load",
    "router/entropy": "entropy of the gate - log M",
    "router/logit_std": "standard deviation of logits over experts",
}
try:
    with moedmft.open(asked.file) as run:
        figure, axes = plt.subplots(2, 2, figsize=(10, 7), sharex=True, constrained_layout=True)
        for ax, (name, label) in zip(axes.flat, CURVES.items()):
            plot.observable(run, name, ax=ax).set_ylabel(label)
        for ax in axes.flat[1:]:
            ax.get_legend().remove()
        for ax in axes[0]:
            ax.set_xlabel("")
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=150)
