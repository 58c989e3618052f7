"""How far is a transformer of N = 256 from N = infinity, and does its best learning rate transfer?

    sh scripts/study.sh transformer
    PYTHONPATH=python /usr/bin/python3 examples/python/transformer.py
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("runs", nargs="?", default="out/transformer.h5")
parser.add_argument("rates", nargs="?", default="out/transformer_rates.h5")
parser.add_argument("check", nargs="?", default="out/transformer_check.h5")
parser.add_argument("-o", "--output", default="out/transformer.png")
asked = parser.parse_args()


def far(run):
    """How much more the widest networks lose on the test part than the limit, and how far their mean predictions are from its own, with two standard errors."""
    wide, rate = run.networks[max(run.networks)], run.comparison.rate
    more, error = wide.test_loss[-1].mean - run.limit.test_loss[-1].mean, 2 * np.hypot(wide.test_loss[-1].error, run.limit.test_loss[-1].error)
    off = [100 * v / rate.scale for v in (rate.deviation[-1].mean, 2 * rate.deviation[-1].error)]
    known = [f"± {e:{form}}" if np.isfinite(e) else "± ? (too few runs)" for e, form in ((error, ".3f"), (off[1], ".1f"))]
    return f"{wide.label} beside N = ∞: test loss {more:+.3f} {known[0]}, mean predictions {off[0]:.1f} {known[1]} % off"


try:
    figure = plt.figure(figsize=(12, 8.6), constrained_layout=True)
    above, below = figure.subfigures(2, 1)
    left, right = above.subplots(1, 2)
    with moedmft.open(asked.runs) as run:
        plot.loss(run, ax=left).set_title("one pass over verse, each window once")
        plot.rates(run, ax=right)
        above.suptitle(far(run))
        print(far(run))
    first, second, third = below.subplots(1, 3, width_ratios=[1.3, 1, 1])
    with moedmft.open(asked.rates) as run:
        plot.sweep(run, [first])
        first.set_title("the best rate of each width (circles)")
        for width, best in zip(run.sweep.widths, run.sweep.slices[0].optimum):
            print(f"N = {width:g}: best rate {best}")
    for ax, block, what in ((second, 0, "heads"), (third, 1, "experts")):
        with moedmft.open(asked.check, block=block) as run:
            plot.coordcheck(run, "W2/forward", ("total", "init", "learned"), ax=ax).set_title(f"what {what} add to the stream")
            ax.set_ylabel(f"RMS at step {run.coordcheck.step} (dashed: limit)")
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=100)
