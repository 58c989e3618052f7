"""Pictures of a Run: theory over networks, deviations against N, kernels, distributions, sweeps and coordinate checks.

Every function draws into ``ax`` (a new figure when None) and returns the Axes; save with ax.figure.savefig(...).
Without a display matplotlib takes its Agg backend by itself. Widths differ in shade and marker, so that pictures can be
read in grey; the limit is the black dashed line. Bands and bars are two standard errors, of few runs more (Student's t), and legends say so; numbers after ±
are one.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.container import ErrorbarContainer
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from .comparison import Rate
from .coordcheck import Part
from .ensemble import Ensemble
from .errors import MissingError
from .quantity import Array, Quantity, plus_minus
from .reach import BAND, reach
from .run import Run
from .sweep import KNOWN, Slice

MARKERS = "os^Dv<>p"
SHADES = ["#e69f00", "#4a9bd0", "#a1358f", "#1d3b5c"]  # light to dark, in colour and in grey
LIMIT: Dict[str, Any] = {"color": "black", "linestyle": (0, (5, 2)), "linewidth": 1.8, "zorder": 5}
MEASURES = {"final": "train loss after the last step", "best": "smallest train loss", "test": "test loss after the last step",
            "tail": "train loss, last tenth of the steps"}


def title(run: Run) -> str:
    """What was trained, for titles: "Regime II, μP, adam"."""
    config = run.config
    return f"Regime {config['model.regime']}, {_title(config['model.parameterization'])}, {config['train.optimizer']}"


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
    _rate_axes(ax, comparison.widths)
    _legend_above(ax, columns=1)
    return ax


def deviation(run: Run, label: str = "deviation of the mean", series: int = 0, ax: Any = None) -> Any:
    """Deviation of the mean train prediction against N in units of its size in the limit: for several files in one panel.

    label: name in the legend; series: 0, 1, ... for a shade and a mark of its own.
    """
    ax = _axes(ax)
    comparison = run.comparison
    _rate(ax, series, comparison.widths, comparison.rate, comparison.rate.scale, label)
    ax.set_ylabel("deviation of the mean prediction / its size")
    _rate_axes(ax, comparison.widths)
    _legend(ax)
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
    blocks = [ensemble.one_block(ensemble.kernel(field, at=time)) for ensemble in shown]
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
    blocks = np.einsum("tmtn->tmn", ensemble.one_block(ensemble.kernel(field)).mean)
    found = np.full(blocks.shape[:2], np.nan)
    for t, block in enumerate(blocks):
        if np.isfinite(block).all():
            found[t] = np.linalg.eigvalsh((block + block.T) / 2)[::-1] / len(block)
    return found


def histogram(run: Run, field: str = "psi", at: int = -1, join: int = 3, ax: Any = None) -> Any:
    """Density of the logits "psi" or gates "g" over experts and samples at a step of the time grid (-1: the last).

    The limit: a filled outline; networks: marks in the middle of bins. join: so many bins of the file make one here.
    """
    ax = _axes(ax)
    for i, ensemble in enumerate(run.ensembles):
        found = ensemble.histogram(field, at).coarser(join)
        if np.isinf(ensemble.width):
            ax.stairs(found.density, found.edges, label=ensemble.label, color="black", linewidth=1.4, zorder=5)
            ax.stairs(found.density, found.edges, fill=True, color="0.88", zorder=0)
        else:
            shown = found.density > 0
            ax.errorbar(found.centres[shown], found.density[shown], reach(ensemble.runs) * found.density_error[shown], linestyle="none",
                        label=ensemble.label, zorder=6, markersize=4.5, **_mark(i))
    ax.set_xlabel({"psi": "logit", "g": "gate"}.get(field, field))
    ax.set_ylabel("density over experts and samples")
    ax.set_ylim(0)
    _legend(ax)
    return ax


def alignment(run: Run, fields: Sequence[str] = ("h", "y", "a"), width: Optional[int] = None, ax: Any = None) -> Any:
    """Alignment of kernels with the targets on the time grid: "h", "y", "a", "ntk". Marks: networks (the widest, or
    ``width``); dashed: limit."""
    names = ["tangent kernel" if field == "ntk" else f"kernel of {field}" for field in fields]
    ax = _on_grid(run, names, lambda ensemble, i: ensemble.one_block(ensemble.alignment(fields[i])).mean, width, ax)
    ax.set_ylabel("centred alignment with the targets")
    return ax


def tangent(run: Run, tensors: Sequence[str] = ("W_in", "Q", "W1", "W2", "w_out"), width: Optional[int] = None,
            ax: Any = None) -> Any:
    """Size of the tangent kernel by tensor on the time grid: mean of its diagonal over the samples. Marks: networks (the
    widest, or ``width``); dashed: limit. Needs output.ntk: true."""

    def size(ensemble: Ensemble, i: int) -> Array:
        return np.asarray(np.einsum("tmm->tm", ensemble.ntk(tensors[i]).mean).mean(axis=1))

    ax = _on_grid(run, tensors, size, width, ax)
    ax.set_ylabel("tangent kernel, mean of the diagonal")
    return ax


def sweep(run: Run, axes: Any = None) -> Any:
    """Loss against the swept value: a panel for every setting of the other axes, a curve for every width.

    Open circles: best values (at an end of the list: none, it is only a bound); the vertical line is the best value of
    the limit. Losses above that of step 0 are outside the panels. Returns an array of Axes, one for each of
    run.sweep.slices.
    """
    slices = run.sweep.slices
    if axes is None:
        axes = plt.subplots(1, len(slices), figsize=(4.6 * len(slices) + 0.6, 4.0), sharey=True, squeeze=False,
                            constrained_layout=True)[1][0]
    axes = np.atleast_1d(axes)
    for ax, part in zip(axes, slices):
        for i, width in enumerate(part.widths):
            _swept(ax, i, part, float(width))
        ax.set_title(_title(part.label))
        ax.set_xlabel(part.key)
        _log_axis(ax, part.values)
    start = run.sweep.curves.mean[..., 0]
    _below(axes, float(np.nanmax(start[np.isfinite(start)], initial=-np.inf)))
    axes[0].set_ylabel(MEASURES.get(run.sweep.measure, run.sweep.measure))
    _legend(axes[0])
    return axes


def optimum(run: Run, ax: Any = None) -> Any:
    """Best value against N, a series for every setting of the other axes; the limit's is the horizontal line of its shade.

    Bars are two standard errors. Open marks: the best value is at an end of the list, or beside one at which runs
    diverged, and known no better than that.
    """
    ax = _axes(ax)
    slices = run.sweep.slices
    for i, part in enumerate(slices):
        finite = np.isfinite(part.widths) & np.isfinite(part.optimum.mean)
        sure = np.array([kind in KNOWN for kind in part.kind])
        error = np.nan_to_num(BAND * (part.optimum.error if part.optimum.error is not None else 0 * part.optimum.mean))
        style, drift = _mark(-1 - i, i), part.drift
        slope = f": $N^{{{drift.mean.item():.2f}}}${plus_minus(drift.error.item(), '.2f')}" if drift.error is not None and np.isfinite(drift) else ""
        for chosen, face in ((finite & sure, style["color"]), (finite & ~sure, "white")):
            ax.errorbar(part.widths[chosen], part.optimum.mean[chosen], error[chosen], linestyle="none", capsize=3, markersize=7,
                        markerfacecolor=face, label=_title(part.label or "best") + slope if face != "white" else None, **style)
        for value in part.optimum.mean[np.isinf(part.widths) & sure]:
            ax.axhline(value, color=style["color"], linestyle=(0, (5, 2)), linewidth=1.4,
                       label=f"limit, {_title(part.label)}".rstrip(", "))
    ax.set_xlabel("width N")
    ax.set_ylabel(f"best {run.sweep.along}")
    _log_axis(ax, run.sweep.widths[np.isfinite(run.sweep.widths)])
    _factor(ax, 3.0)
    _legend(ax)
    return ax


def transfer(run: Run, axis: str = "model.depth", ax: Any = None) -> Any:
    """Best value against the values of another axis, a series for every width; the limit dashed, its two standard errors a band.

    axis: key of an axis of numbers, e.g. the depth: whether the best rate transfers in L shows beside whether it does in N.
    Where there are more axes, the first setting of the others is drawn.
    """
    ax = _axes(ax)
    shown: Dict[Any, Slice] = {}
    for part in run.sweep.slices:
        if axis not in part.setting:
            raise MissingError(f"{run.filename}: {axis} is no axis beside that of the best value ({run.sweep.along})")
        shown.setdefault(part.setting[axis], part)
    values, widths = np.array(sorted(shown), dtype=float), run.sweep.widths
    best = np.array([shown[value].optimum.mean for value in values])
    error = np.array([np.nan_to_num(0 * p.optimum.mean if p.optimum.error is None else BAND * p.optimum.error) for p in (shown[v] for v in values)])
    for i, width in enumerate(widths):
        if np.isinf(width):
            ax.fill_between(values, best[:, i] - error[:, i], best[:, i] + error[:, i], color="0.85", linewidth=0)
            ax.plot(values, best[:, i], color="black", linestyle=(0, (5, 2)), linewidth=1.6, label="N = ∞ (DMFT)")
        else:
            ax.errorbar(values, best[:, i], error[:, i], capsize=3, linewidth=0.8, label=f"N = {width:g}", **_mark(i))
    ax.set_xlabel("depth L" if axis == "model.depth" else axis)
    ax.set_ylabel(f"best {run.sweep.along}")
    _log_axis(ax, values)
    _factor(ax, 3.0)
    _legend(ax)
    return ax


def regret(run: Run, axis: str = "width", base: int = 0, ax: Any = None) -> Any:
    """What a transferred best value costs, in percent of the smallest loss, against where it is taken; bars are two standard errors.

    axis: "width": a series for every setting of the other axes, that of the limit the horizontal line of its shade; or the key of an axis of numbers:
    a series for every width, of the first setting of the axes that are left. base: position of the value whose best value is transferred.
    Numbers that are not known, bounds among them, are left out.
    """
    ax = _axes(ax)
    sweep = run.sweep
    cost, known = sweep.regret(axis, relative=True), sweep.regret_kind(axis) == "known"
    mean, error = 100 * np.where(known, cost.mean, np.nan), 100 * np.nan_to_num(np.zeros(cost.shape) if cost.error is None else BAND * cost.error)
    if axis == "width":
        values = sweep.widths
        series = [(i, _title(part.label), mean.reshape(-1, *mean.shape[-2:])[i, :, base], error.reshape(-1, *mean.shape[-2:])[i, :, base])
                  for i, part in enumerate(sweep.slices)]
    else:
        values = np.array(sweep.axes[axis], dtype=float)
        others = [key for key in sweep.axes if key != sweep.along]
        at = tuple(slice(None) if key == axis else 0 for key in others)
        series = [(i, "limit" if np.isinf(width) else f"N = {width:g}", mean[at + (i, base)], error[at + (i, base)])
                  for i, width in enumerate(sweep.widths)]
    finite = np.isfinite(values)
    for i, label, y, e in series:
        shown = finite & np.isfinite(y) & (np.arange(len(values)) != base)
        ax.errorbar(values[shown], y[shown], e[shown], capsize=3, linewidth=0.8, label=label or None, **_mark(i))
        for limit in y[~finite & np.isfinite(y)]:
            ax.axhline(limit, color=_mark(i)["color"], linestyle=(0, (5, 2)), linewidth=1.4, label=f"limit, {label}".rstrip(", "))
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    source = f"N = {values[base]:g}" if axis == "width" else f"{axis} = {values[base]:g}"
    ax.set_xlabel("width N" if axis == "width" else axis)
    ax.set_ylabel(f"loss that the best {sweep.along} of {source} costs, %")
    _log_axis(ax, values[finite])
    _legend(ax)
    return ax


def coordcheck(run: Run, product: str = "W2/forward", parts: Sequence[str] = ("total", "init", "propagating", "effective"),
               ax: Any = None) -> Any:
    """Root mean square of the parts of a product against N, with their fitted powers; dashed: the limit of parts that stay.

    product, parts: names of moedmft.coordcheck.PRODUCTS and PARTS; W2/forward is the aggregate of the experts.
    """
    ax = _axes(ax)
    for i, row in enumerate(run.coordcheck.part(product, part) for part in parts):
        _part(ax, i, row)
    ax.set_yscale("log")
    ax.set_xlabel("width N")
    ax.set_ylabel(f"root mean square, {product}, step {run.coordcheck.step} (dashed: limit)")
    _log_axis(ax, run.coordcheck.widths)
    low, high = ax.get_ylim()
    ax.set_ylim(low * (low / high) ** 0.2, high)  # room for the legend
    _log_labels(ax)
    _legend(ax)
    return ax


# What the pictures are made of


def _on_grid(run: Run, names: Sequence[str], curve: Callable[[Ensemble, int], Array], width: Optional[int], ax: Any) -> Any:
    """curve(ensemble, i) over the time grid of the statistics: networks of one width as marks, the limit dashed in their shade."""
    ax = _axes(ax)
    networks = run.networks
    shown = [networks[max(networks) if width is None else width]] if networks or width is not None else []
    for i, name in enumerate(names):
        for ensemble in shown:
            ax.plot(ensemble.statistics_times, curve(ensemble, i), linestyle="none", markersize=6, zorder=6,
                    label=name, **_mark(i))
        if run.has_limit:
            ax.plot(run.limit.statistics_times, curve(run.limit, i), label=None if shown else name,
                    **{**LIMIT, "color": SHADES[i % len(SHADES)]})
    if run.has_limit:
        ax.plot([], [], label="limit", **LIMIT)
    ax.set_title(f"marks: {shown[0].label}" if shown and run.has_limit else "")
    ax.set_xlabel("gradient step")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(ax)
    return ax


def _rate_axes(ax: Any, widths: Array) -> None:
    ax.set_yscale("log")
    ax.set_xlabel("width N")
    _log_axis(ax, widths)
    _log_labels(ax)


def _log_labels(ax: Any) -> None:
    """Plain numbers at 1, 2, 5 (and some between) of every decade, where a logarithmic vertical axis has less than three."""
    low, high = ax.get_ylim()
    if high < 1000 * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high > 5 * low else (1, 1.2, 1.5, 2, 3, 5, 7)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _mark(i: int, marker: Optional[int] = None) -> Dict[str, Any]:
    """Shade and shape of the i-th series."""
    return {"color": SHADES[i % len(SHADES)], "marker": MARKERS[(i if marker is None else marker) % len(MARKERS)]}


def _swept(ax: Any, i: int, part: Slice, width: float) -> None:
    """Loss of one width against the swept value, and its best value."""
    curve, order = part.loss[:, i], np.argsort(part.values)
    error = np.zeros(len(curve)) if curve.error is None else np.nan_to_num(curve.error)
    shown = np.isfinite(curve.mean)[order]
    x, y, e = (values[order][shown] for values in (part.values, curve.mean, reach(float(part.runs[i])) * error))
    inside = part.kind[i] in KNOWN
    if np.isinf(width):
        ax.plot(x, y, label="limit", **LIMIT)
        ax.fill_between(x, y - e, y + e, color="black", alpha=0.2, linewidth=0, zorder=1)
        if inside:
            ax.axvline(float(part.optimum[i]), color="black", linewidth=0.8, linestyle=":")
    else:
        ax.errorbar(x, y, e, label=f"N = {width:.0f}", markersize=4.5, linewidth=1.0, elinewidth=1.2, zorder=3, **_mark(i))
    if inside:
        colour = "black" if np.isinf(width) else SHADES[i % len(SHADES)]
        ax.plot([float(part.optimum[i])], [float(part.optimum_loss[i])], "o", markersize=11, markerfacecolor="none",
                markeredgecolor=colour, markeredgewidth=1.8, zorder=6)


def _below(axes: Any, top: float) -> None:
    """Ends the shared vertical axis a little above ``top``, where any loss reaches higher than that."""
    for ax in axes:
        low, high = ax.get_ylim()
        if np.isfinite(top) and high > top > low:
            ax.set_ylim(low, top + 0.05 * (top - low))


def _part(ax: Any, i: int, row: Part) -> None:
    """A part's points, joined, and its limit."""
    shown = row.rms.mean > 0
    error = None if row.rms.error is None else (row.rms.error * [reach(float(n)) for n in row.seeds])[shown]
    style = {**_mark(-i, i), **({"color": "black"} if row.part == "total" else {})}
    label = row.part + (f": $N^{{{row.exponent:.2f}}}${plus_minus(row.error, '.2f')}" if np.isfinite(row.exponent) else ": absent")
    ax.errorbar(row.widths[shown], row.rms.mean[shown], error, label=label, markersize=6, linewidth=1.2, **style)
    if row.survives and np.isfinite(row.limit):
        ax.axhline(row.limit, color=style["color"], linestyle=(0, (5, 2)), linewidth=1.0, zorder=1)


def _factor(ax: Any, least: float) -> None:
    """A logarithmic vertical axis that spans a factor of ``least`` or more, so that small changes look small."""
    low, high = ax.dataLim.y0, ax.dataLim.y1
    ax.set_yscale("log")
    if high > low > 0:
        spread = max(1.1, (least * low / high) ** 0.5)
        ax.set_ylim(low / spread, high * spread)
    _log_labels(ax)


def _title(word: str) -> str:
    """Names of parameterizations as they are written in text."""
    return ", ".join({"mup": "μP", "mssp": "MSSP", "ntp": "NTP"}.get(part, part) for part in word.split(", "))


def _log_axis(ax: Any, values: Array) -> None:
    """A logarithmic horizontal axis with a tick at the values, or at most nine of them."""
    some = np.unique(values)[:: -(-len(np.unique(values)) // 9)]
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(some, [f"{value:.0f}" if value == round(value) else f"{value:.3g}" for value in some])


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
            ax.fill_between(steps, *curve.band(reach(ensemble.runs)), color="black", alpha=0.2, linewidth=0, zorder=1)
        return
    few = max(1, len(steps) // 10)
    error = None if curve.error is None else reach(ensemble.runs) * curve.error
    shade = SHADES[i % len(SHADES)]
    ax.errorbar(steps, curve.mean, error, label=label, color=shade, marker=MARKERS[i % len(MARKERS)], markersize=4.5,
                linewidth=0.8, elinewidth=1.2, markevery=(i % few, few), errorevery=(i % few, few), zorder=3)


def _rate(ax: Any, i: int, widths: Array, rate: Rate, unit: float, name: str) -> None:
    """Points with bars and the fitted line; a deviation below its error is drawn as an upper bound (arrow down)."""
    widths = widths * 1.03**i  # so that bars of several series do not lie on each other
    value = rate.deviation.mean / unit
    error = reach(rate.freedom + 1) * (np.zeros_like(value) if rate.deviation.error is None else rate.deviation.error / unit)
    seen = value > error
    style = {"color": SHADES[-1 - i % len(SHADES)], "marker": MARKERS[i % len(MARKERS)], "markersize": 6}
    label = f"{name}: $N^{{-p}}$, {rate}" if np.isfinite(rate.exponent) else f"{name}: {rate}"
    ax.errorbar(widths[seen], value[seen], error[seen], linestyle="none", capsize=3, label=label, **style)
    bound = (value + error)[~seen]
    ax.errorbar(widths[~seen], bound, 0.3 * bound, uplims=True, linestyle="none", markerfacecolor="white", **style)
    _fit(ax, i, widths, value, error, seen, rate)


def _fit(ax: Any, i: int, widths: Array, value: Array, error: Array, seen: Array, rate: Rate) -> None:
    """The power law of the file's exponent through the points (height: their weighted mean), and the predicted one."""
    if not np.isfinite(rate.exponent) or rate.bound or not seen.any():
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


def _bars(ax: Any) -> Optional[str]:
    """What bars and bands in a panel are; None where it has none."""
    shown = any(isinstance(c, ErrorbarContainer) and c.has_yerr for c in ax.containers)
    what = "bars" if shown else "band" if ax.collections else None
    return what and f"{what}: ± {BAND:g} standard errors (few runs: Student's t)"


def _legend(ax: Any, **where: Any) -> None:
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        ax.legend(handles, labels, fontsize=9, edgecolor="none", title=_bars(ax), title_fontsize=8, **{"framealpha": 0.8, **where})


def _legend_above(ax: Any, columns: int = 2) -> None:
    """Where points and bars are everywhere: the legend above the panel, below its title."""
    _legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns)
