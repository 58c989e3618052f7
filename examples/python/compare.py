"""How wide is wide enough? Loss curves, and how fast networks come to the limit.

    sh scripts/study.sh compare
    PYTHONPATH=python /usr/bin/python3 examples/python/compare.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", default="out/compare.h5")
parser.add_argument("-o", "--output", default="out/compare.png")
asked = parser.parse_args()

try:
    with moedmft.open(asked.file) as run:
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), constrained_layout=True)
        plot.loss(run, ax=left, log=True).set_title(plot.title(run))
        plot.rates(run, ax=right)
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=100)
