"""What of the experts' output survives at large width? Its parts against N, one parameterization beside another.

    sh scripts/study.sh coordcheck
    PYTHONPATH=python /usr/bin/python3 examples/python/coordcheck.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("first", nargs="?", default="out/coordcheck_mup.h5")
parser.add_argument("second", nargs="?", default="out/coordcheck_mssp.h5")
parser.add_argument("-o", "--output", default="out/coordcheck.png")
asked = parser.parse_args()

try:
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), sharey=True, constrained_layout=True)
    for ax, file in zip(axes, (asked.first, asked.second)):
        with moedmft.open(file) as run:
            plot.coordcheck(run, "W2/forward", ax=ax).set_title(plot.title(run))
            for row in run.coordcheck.deviations:
                print(f"{file}: {row.product} {row.part}: {row}")
    axes[0].set_ylabel("aggregate of the experts: RMS of its parts\n(dashed: the limit, where a part stays)")
    axes[1].set_ylabel("")
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=100)
