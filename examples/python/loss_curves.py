"""Train and test loss and accuracy of networks and of the limit, on two classes of Fashion-MNIST.

    build/moedmft compare examples/fashion.yaml -o out/fashion.h5
    PYTHONPATH=python /usr/bin/python3 examples/python/loss_curves.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", default="out/fashion.h5")
parser.add_argument("-o", "--output", default="out/loss_curves.png")
asked = parser.parse_args()

try:
    with moedmft.open(asked.file) as run:
        figure, axes = plt.subplots(2, 2, figsize=(10, 7), sharex=True, constrained_layout=True)
        for column, part in enumerate(("train", "test")):
            plot.loss(run, part, ax=axes[0, column]).set_xlabel("")
            plot.observable(run, f"{part}/accuracy", ax=axes[1, column]).set_ylabel(f"{part} accuracy")
            axes[1, column].get_legend().remove()
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=150)
