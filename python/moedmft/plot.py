"""Pictures of a Run: theory over networks, deviations against N, kernels and their spectra.

Every function draws into ``ax`` (a new figure when None) and returns the Axes; save with ax.figure.savefig(...).
Without a display matplotlib takes its Agg backend by itself. Widths differ in shade and marker, so that pictures can be
read in grey; the limit is the black dashed line. Bands and bars are two standard errors.
"""

from __future__ import annotations

from typing import Any, List, Optional, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator

from .comparison import Rate
from .ensemble import Ensemble
from .errors import MissingError
from .quantity import Array, Quantity
from .run import Run

MARKERS = "os^Dv<>p"
SHADES = ["#e69f00", "#4a9bd0", "#a1358f", "#1d3b5c"]  # light to dark, in colour and in grey
LIMIT = {"color": "black", "linestyle": (0, (5, 2)), "linewidth": 1.8, "zorder": 5}
BAND = 2.0  # standard errors


def loss(run: Run, part: str = "train", ax: Any = None, log: bool = False) -> Any:
    """Loss against steps: networks as marked curves with bars, the limit dashed over them. part: "train" or "test"."""
    ax = observable(run, f"{part}/loss", ax)
    ax.set_ylabel(f"{part} loss")
    if log:
        ax.set_yscale("log")
    return ax


def observable(run: Run, name: str, ax: Any = None) -> Any:
    """Any observable that has one number for each step, e.g. "rms/h", "router/load_std", "test/accuracy"."""
    ax = _axes(ax)
    curves = [(e, e.observable(name)) for e in run.ensembles if f"observables/{name}" in e]
    if not curves:
        run[f"observables/{name}"]  # raises, with what there is instead
    for i, (ensemble, curve) in enumerate(curves):
        if curve.ndim != 1:
            raise MissingError(f"{run.filename}: {name} is no curve, its dimensions are {', '.join(curve.dims)}")
        steps = ensemble.test_steps if name.startswith("test/") else np.arange(len(curve))
        _curve(ax, i, ensemble, steps, curve)
    ax.set_xlabel("gradient step")
    ax.set_ylabel(name)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if ax.get_yscale() == "linear":
        ax.ticklabel_format(axis="y", useOffset=False)
    _legend(ax)
    return ax


def rates(run: Run, names: Sequence[str] = (), ax: Any = None) -> Any:
    """Deviation from the limit against N with its fit; without names that of the train predictions, and their spread.

    names: arrays as run.comparison.compared() lists them, each drawn in units of its size in the limit.
    """
    ax = _axes(ax)
    comparison = run.comparison
    if names:
        for i, name in enumerate(names):
            rate = comparison.rate_of(name)
            _rate(ax, i, comparison.widths, rate, rate.scale, name)
        ax.set_ylabel("deviation from the limit / size in the limit")
    else:
        _rate(ax, 0, comparison.widths, comparison.rate, 1.0, "deviation of the mean")
        _rate(ax, 1, comparison.widths, comparison.spread_rate, 1.0, "spread of one network")
        ax.set_ylabel("train prediction, root mean square")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("width N")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(comparison.widths, [str(width) for width in comparison.widths])
    ax.yaxis.set_minor_formatter(NullFormatter())
    _legend_above(ax, columns=1)
    return ax


def kernel(run: Run, field: str = "h", time: Optional[int] = None, width: Optional[int] = None,
           axes: Any = None) -> Any:
    """Kernel of a field at a step (the last of the grid by default): networks, limit, and their difference.

    width: which networks; the widest by default. Returns an array of three Axes, or of one when the file has only
    the limit or only networks. The difference is networks - limit, on a scale of its own.
    """
    time = int(run.times[-1]) if time is None else time
    shown: List[Ensemble] = []
    if run.networks or width is not None:
        shown.append(run.networks[max(run.networks) if width is None else width])
    if run.has_limit:
        shown.append(run.limit)
    blocks = [ensemble.kernel(field, at=time) for ensemble in shown]
    panels = len(blocks) + (len(blocks) == 2)
    axes = np.atleast_1d(_heat_axes(panels) if axes is None else axes)
    top = max((float(np.nanmax(np.abs(block.mean))) for block in blocks if np.isfinite(block.mean).any()), default=1.0)
    for ax, ensemble, block in zip(axes, shown, blocks):
        _heat(ax, block.mean, top, ensemble.label)
    if len(blocks) == 2:
        difference = blocks[0].mean - blocks[1].mean
        _heat(axes[2], difference, float(np.nanmax(np.abs(difference), initial=0.0)) or top, "difference")
    axes[0].figure.suptitle(f"kernel of {field} at step {time}")
    axes[0].set_ylabel("sample")
    return axes


def spectrum(run: Run, field: str = "h", count: int = 3, width: Optional[int] = None, ax: Any = None) -> Any:
    """The largest eigenvalues of a field's kernel over the samples of one time, on the time grid.

    Eigenvalues of the matrix of samples divided by the number of samples. Networks (the widest, or ``width``): markers;
    limit: dashed. An eigenvalue of a noisy mean is biased upwards when it is smaller than the noise.
    """
    ax = _axes(ax)
    networks = run.networks
    shown = [networks[max(networks) if width is None else width]] if networks or width is not None else []
    for ensemble in shown + ([run.limit] if run.has_limit else []):
        values = eigenvalues(ensemble, field)[:, :count]
        for i in range(values.shape[1]):
            if np.isinf(ensemble.width):
                ax.plot(ensemble.times, values[:, i], label=None if i else ensemble.label, **LIMIT)
            else:
                ax.plot(ensemble.times, values[:, i], MARKERS[i % len(MARKERS)], color=SHADES[i % len(SHADES)],
                        label=f"{ensemble.label}, eigenvalue {i + 1}")
    ax.set_xlabel("gradient step")
    ax.set_ylabel(f"eigenvalues of the kernel of {field}")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend_above(ax)
    return ax


def eigenvalues(ensemble: Ensemble, field: str = "h") -> Array:
    """Eigenvalues of kernel(field, at=t)/samples for every t of the grid, shape (time, sample), descending; NaN where
    a run ended before t."""
    blocks = np.einsum("tmtn->tmn", ensemble.kernel(field).mean)
    found = np.full(blocks.shape[:2], np.nan)
    for t, block in enumerate(blocks):
        if np.isfinite(block).all():
            found[t] = np.linalg.eigvalsh((block + block.T) / 2)[::-1] / len(block)
    return found


# What the pictures are made of


def _axes(ax: Any) -> Any:
    return plt.subplots(figsize=(6.0, 4.0), constrained_layout=True)[1] if ax is None else ax


def _heat_axes(panels: int) -> Any:
    return plt.subplots(1, panels, figsize=(3.4 * panels + 0.4, 3.6), constrained_layout=True, squeeze=False)[1][0]


def _curve(ax: Any, i: int, ensemble: Ensemble, steps: Array, curve: Quantity) -> None:
    """The limit: dashed with a band; networks: a thin line with a few markers and bars."""
    steps = steps[: len(curve)]
    label = ensemble.label + (f" ({ensemble.stopped.reason})" if ensemble.stopped else "")
    if np.isinf(ensemble.width):
        ax.plot(steps, curve.mean, label=label, **LIMIT)
        if curve.error is not None:
            ax.fill_between(steps, *curve.band(BAND), color="black", alpha=0.2, linewidth=0, zorder=1)
        return
    few = max(1, len(steps) // 10)
    error = None if curve.error is None else BAND * curve.error
    shade = SHADES[i % len(SHADES)]
    ax.errorbar(steps, curve.mean, error, label=label, color=shade, marker=MARKERS[i % len(MARKERS)], markersize=4.5,
                linewidth=0.8, elinewidth=1.2, markevery=(i % few, few), errorevery=(i % few, few), zorder=3)


def _rate(ax: Any, i: int, widths: Array, rate: Rate, unit: float, name: str) -> None:
    """Points with bars and the fitted line; a deviation below its error is drawn as an upper bound (arrow down)."""
    widths = widths * 1.03**i  # so that bars of several series do not lie on each other
    value = rate.deviation.mean / unit
    error = BAND * (np.zeros_like(value) if rate.deviation.error is None else rate.deviation.error / unit)
    seen = value > error
    style = {"color": SHADES[-1 - i % len(SHADES)], "marker": MARKERS[i % len(MARKERS)], "markersize": 6}
    label = f"{name}: $N^{{-p}}$, p = {rate.exponent:.2f} ± {rate.error:.2f}" if np.isfinite(rate.exponent) else \
            f"{name}: below its noise"
    ax.errorbar(widths[seen], value[seen], error[seen], linestyle="none", capsize=3, label=label, **style)
    bound = (value + error)[~seen]
    ax.errorbar(widths[~seen], bound, 0.3 * bound, uplims=True, linestyle="none", markerfacecolor="white", **style)
    _fit(ax, i, widths, value, error, seen, rate)


def _fit(ax: Any, i: int, widths: Array, value: Array, error: Array, seen: Array, rate: Rate) -> None:
    """The power law of the file's exponent through the points (height: their weighted mean), and the predicted one."""
    if not np.isfinite(rate.exponent) or not seen.any():
        return
    n = np.array([widths.min(), widths.max()], dtype=float)
    weight = (value[seen] / np.maximum(error[seen], 1e-12 * value[seen])) ** 2
    for exponent, style in ((rate.exponent, "-"), (rate.predicted, ":")):
        if np.isfinite(exponent):
            height = np.average(np.log(value[seen]) + exponent * np.log(widths[seen]), weights=weight)
            ax.plot(n, np.exp(height) * n**-exponent, linestyle=style, color=SHADES[-1 - i % len(SHADES)], linewidth=1.2,
                    label=f"predicted: $N^{{-{exponent:g}}}$" if style == ":" else None)


def _heat(ax: Any, values: Array, top: float, title: str) -> None:
    """A matrix of samples on a scale from -top to top; minus signs tell the colours of the two signs apart in grey."""
    image = ax.imshow(values, cmap="RdBu_r", vmin=-top, vmax=top, interpolation="nearest")
    for i, j in np.argwhere(values < 0):
        dark = values[i, j] < -0.6 * top
        ax.text(j, i, "\N{MINUS SIGN}", ha="center", va="center", fontsize=8, color="white" if dark else "black")
    ax.set_title(title)
    ax.set_xlabel("sample")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    ax.figure.colorbar(image, ax=ax, shrink=0.75)


def _legend(ax: Any) -> None:
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        ax.legend(handles, labels, fontsize=9, framealpha=0.8, edgecolor="none")


def _legend_above(ax: Any, columns: int = 2) -> None:
    """Where points and bars are everywhere: the legend above the panel, below its title."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        ax.legend(handles, labels, fontsize=9, edgecolor="none", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns)
