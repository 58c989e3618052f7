"""Deviation of networks from the limit against their width, for predictions, kernels and losses.

    build/moedmft compare examples/cosine.yaml -o out/cosine.h5
    PYTHONPATH=python /usr/bin/python3 examples/python/rates.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", default="out/cosine.h5")
parser.add_argument("-o", "--output", default="out/rates.png")
asked = parser.parse_args()

try:
    with moedmft.open(asked.file) as run:
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), constrained_layout=True)
        plot.rates(run, ax=left)
        plot.rates(run, ["train/loss", "kernels/W1/backward", "overlap/W2"], ax=right)
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=150)
