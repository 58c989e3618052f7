"""One pass over ten classes of Fashion-MNIST: the loss of every fresh batch, and the loss on images kept aside.

    build/moedmft compare examples/minibatch.yaml -o out/minibatch.h5
    PYTHONPATH=python /usr/bin/python3 examples/python/minibatch.py
"""

import argparse

import matplotlib.pyplot as plt

import moedmft
from moedmft import plot

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", default="out/minibatch.h5")
parser.add_argument("-o", "--output", default="out/minibatch.png")
asked = parser.parse_args()

try:
    with moedmft.open(asked.file) as run:
        figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.4), constrained_layout=True)
        plot.loss(run, ax=left).set_ylabel("loss of the batch, before the step")
        plot.loss(run, "test", ax=middle)
        plot.observable(run, "test/accuracy", ax=right).set_ylabel("test accuracy")
except moedmft.MoedmftError as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=150)
