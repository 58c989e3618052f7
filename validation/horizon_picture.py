"""A single pass at N = infinity: test loss against steps beside networks, and the best learning rate against the number of steps.

    sh scripts/study.sh horizon
    PYTHONPATH=python /usr/bin/python3 validation/horizon_picture.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", nargs="?", default="out", help="has horizon_OPTIMIZER_PARAMETERIZATION_soft|topk.h5 and horizon_sweep_OPTIMIZER.h5")
parser.add_argument("-o", "--output", default="out/horizon.png")
asked = parser.parse_args()

OPTIMIZERS, COLUMNS = ("sgd", "adamw"), (("mup", "soft"), ("mssp", "soft"), ("mup", "topk"), ("mssp", "topk"))
figure = plt.figure(figsize=(17, 7.2), constrained_layout=True)
left, right = figure.subfigures(1, 2, width_ratios=[4, 1.15])
curves, best = left.subplots(2, 4, sharex=True, sharey=True), right.subplots(2, 1)
try:
    for optimizer, row, last in zip(OPTIMIZERS, curves, best):
        for (parameterization, routing), ax in zip(COLUMNS, row):
            with moedmft.open(f"{asked.folder}/horizon_{optimizer}_{parameterization}_{routing}.h5") as run:
                plot.loss(run, "test", ax=ax)
                active = float(run.config["model.active_fraction"])
                ax.set_title(", ".join(plot.title(run).split(", ")[1:]) + (", soft" if active == 1 else f", top-K, K/M = {active:g}"))
            if ax is not curves[0, 0]:
                ax.get_legend().remove()
            if ax is not row[0]:
                ax.set_ylabel("")
            if optimizer != OPTIMIZERS[-1]:
                ax.set_xlabel("")
        with moedmft.open(f"{asked.folder}/horizon_sweep_{optimizer}.h5") as run:
            plot.transfer(run, "train.steps", ax=last)
            last.set_title(f"best rate, {optimizer}")
            last.set_xlabel("number of steps")
except moedmft.MoedmftError as error:
    parser.error(str(error))
best[-1].get_legend().remove()
figure.savefig(asked.output, dpi=90)
