"""The three regimes in the conventions of the published experiments: loss curves, and the rate at which networks come close.

    for r in I II III; do build/moedmft compare examples/official_$r.yaml -o out/official_$r.h5; done
    PYTHONPATH=python /usr/bin/python3 examples/python/regimes.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("first", nargs="?", default="out/official_I.h5")
parser.add_argument("second", nargs="?", default="out/official_II.h5")
parser.add_argument("third", nargs="?", default="out/official_III.h5")
parser.add_argument("-o", "--output", default="out/regimes.png")
asked = parser.parse_args()

try:
    figure, axes = plt.subplots(2, 3, figsize=(14, 8), constrained_layout=True)
    for column, file in enumerate((asked.first, asked.second, asked.third)):
        with moedmft.open(file) as run:
            title = f"Regime {run.config['model.regime']}, {run.config['model.parameterization']}"
            plot.loss(run, ax=axes[0, column]).set_title(title)
            plot.rates(run, ax=axes[1, column])
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=150)
