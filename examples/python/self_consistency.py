"""Self-consistency sweeps from two starts: residuals against their sampling noise, and where they end.

    sh scripts/study.sh self_consistency
    PYTHONPATH=python /usr/bin/python3 examples/python/self_consistency.py
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np

import moedmft

KINDS = {"f": ("predictions", "o"), "kernels": ("kernels", "s"), "actions": ("responses", "^")}
STARTS = ("from the causal pass", "from a network that does not learn")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("causal", nargs="?", default="out/self_consistency_causal.h5")
parser.add_argument("lazy", nargs="?", default="out/self_consistency_lazy.h5")
parser.add_argument("-o", "--output", default="out/self_consistency.png")
asked = parser.parse_args()


def residuals(ax, run, title):
    """Residual of each kind by sweep; dashed, of the same shade: its sampling noise."""
    for shade, (kind, (label, mark)) in zip(("0.0", "0.35", "0.6"), KINDS.items()):
        residual, noise = (np.asarray(run[f"sweeps/{part}/{kind}"]) for part in ("residual", "noise"))
        sweep = np.arange(1, len(residual) + 1)
        ax.plot(sweep, residual, mark + "-", color=shade, ms=5, label=label)
        ax.plot(sweep, noise, "--", color=shade, lw=1)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(yscale="log", title=title, xlabel="sweep", xlim=(0.5, len(residual) + 0.5))


try:
    figure, axes = plt.subplots(1, 3, figsize=(14, 4.4), constrained_layout=True)
    axes[1].sharey(axes[0])
    for ax, path, start in zip(axes, (asked.causal, asked.lazy), STARTS):
        with moedmft.open(path) as run:
            residuals(ax, run, start)
            f = run["sweeps/observables/train/prediction"]
            causal = run.limit.prediction
            z = (np.asarray(f) - np.asarray(causal)) / np.hypot(f.error, causal.error)
            axes[2].hist(z[1:].ravel(), bins=np.arange(-4, 4.5, 0.5), histtype="step", lw=2, color="0.0" if ax is axes[0] else "0.5",
                         ls="-" if ax is axes[0] else "--", label=start)
    axes[0].set_ylabel("residual (dashed: its sampling noise)")
    axes[0].legend(frameon=False)
    axes[2].set(title="where they end", xlabel="predictions after sweeps − causal pass, standard errors", ylabel="entries")
    axes[2].margins(y=0.25)
    axes[2].legend(frameon=False, loc="upper left", fontsize="small")
except (moedmft.MoedmftError, KeyError) as error:
    parser.error(str(error))
figure.savefig(asked.output, dpi=100)
