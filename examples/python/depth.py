"""Does the best learning rate transfer in depth? Loss of the limit against rate for every depth, and the best rate against L for every width.

    sh scripts/study.sh depth
    PYTHONPATH=python /usr/bin/python3 examples/python/depth.py
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("one", nargs="?", default="out/depth_1.h5")
parser.add_argument("half", nargs="?", default="out/depth_0.5.h5")
parser.add_argument("zero", nargs="?", default="out/depth_0.h5")
parser.add_argument("-o", "--output", default="out/depth.png")
asked = parser.parse_args()

figure, (above, below) = plt.subplots(2, 3, figsize=(12, 7), sharey="row", constrained_layout=True)
try:
    for file, loss, best in zip((asked.one, asked.half, asked.zero), above, below):
        with moedmft.open(file) as run:
            slices = run.sweep.slices
            for i, part in enumerate(slices):
                order, colour = np.argsort(part.values), plt.get_cmap("viridis")(0.85 * i / max(len(slices) - 1, 1))
                seen = order[np.isfinite(part.loss.mean[order, -1])]
                loss.loglog(part.values[seen], part.loss.mean[seen, -1], "-", color=colour, label=part.label.replace("model.depth", "L"))
            loss.set_title(f"branch exponent b = {float(run.attributes['config:model.branch_exponent']):g}")
            loss.set_xlabel(slices[0].key)
            low, high = np.log2(slices[0].values.min()), np.log2(slices[0].values.max())
            ticks = 2.0 ** np.arange(np.ceil(low - 0.01), np.floor(high + 0.01) + 1)
            loss.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            loss.minorticks_off()
            plot.transfer(run, ax=best)
except moedmft.MoedmftError as error:
    parser.error(str(error))
above[0].set_ylabel("final train loss of the limit")
above[0].legend(frameon=False)
figure.savefig(asked.output, dpi=100)
