"""Losses over a grid of options and widths: best values, and how they move with N (docs/output.md, Sweep)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple, Union

import h5py
import numpy as np

from .errors import MissingError
from .group import Group
from .quantity import Array, Quantity

Value = Union[float, str]
Index = Tuple[Union[int, slice], ...]

# Codes of sweep/status and results/optimum_kind
STATUS = ("missing", "complete", "diverged", "no limit", "failed", "not needed")
KINDS = ("inside", "lower end", "upper end", "beside divergence", "none", "between neighbours")
REGRETS = ("known", "at least", "diverges", "unknown")  # of results/regret_kind
KNOWN = ("inside", "between neighbours")  # with an error; beside divergence, too, but not drawn as a minimum


@dataclass(frozen=True)
class Slice:
    """One setting of the other axes: losses along the axis of the best value (V values), at W widths.

    setting   value of every other axis by its key; empty where there is none
    key       the axis along which the best value was sought
    values    its values, shape (V,), in the order of the command line
    widths    N, shape (W,), ascending; infinity, where present, is the limit and the last
    loss      shape (value, width): infinite where runs diverged, NaN where nothing was computed
    optimum   best value, shape (width,); ``kind`` says what it is
    kind      one of KINDS for each width; at an end of the list the best value is only a bound, and where no parabola fits it is the
              middle between the neighbours
    optimum_loss   loss at the best value, shape (width,)
    runs      networks, or replicas, of a loss, shape (width,)
    drift     slope d ln(best value) / d ln N over finite widths, one number
    regret    loss with the best value of another width minus loss with the width's own, shape (width, base width); None with one width, and in
              files of earlier versions. ``Sweep.regret_kind`` says which are bounds.
    """

    setting: Dict[str, Value]
    key: str
    values: Array
    widths: Array
    loss: Quantity
    optimum: Quantity
    kind: Tuple[str, ...]
    optimum_loss: Quantity
    drift: Quantity
    runs: Array
    regret: Optional[Quantity] = None

    @property
    def label(self) -> str:
        """For titles and legends: "mup", or "train.batch = 20" for axes of numbers."""
        return ", ".join(v if isinstance(v, str) else f"{k} = {v:g}" for k, v in self.setting.items())


class Sweep(Group):
    """What `moedmft sweep` found. As a mapping it holds the arrays of the file: sweep["results/rise"]."""

    def __init__(self, node: h5py.Group) -> None:
        super().__init__(node, lambda path: path not in ("axes", "sweep", "results") and "/" not in path)

    @property
    def axes(self) -> Dict[str, Tuple[Value, ...]]:
        """Values of every axis by its key, in the order of the dimensions of ``loss``."""
        found = {}
        listed = self.subgroup("axes").attributes
        for name in sorted(name for name in listed if name.startswith("over_")):
            key, _, text = str(listed[name]).partition("=")
            words = tuple(part.strip() for part in re.split(r",(?![^\[]*\])", text))
            is_index = self[f"axes/{key}"].meaning.startswith("index")
            found[key] = words if is_index else tuple(float(value) for value in self[f"axes/{key}"].mean)
        return found

    @property
    def widths(self) -> Array:
        """N, ascending; infinity is the limit."""
        return self["sweep/width"].mean

    @property
    def runs(self) -> Array:
        """Networks, or replicas of the limit, at every value, shape (width,)."""
        return self["sweep/runs"].mean.astype(int)

    @property
    def measure(self) -> str:
        """The loss that the results are about: "final", "best", "tail" or "test"."""
        return str(self.subgroup("results").attribute("measure"))

    @property
    def along(self) -> str:
        """Key of the axis along which best values were sought; empty where no axis holds positive numbers."""
        return str(self.subgroup("results").attribute("optimum_of"))

    def loss(self, measure: str = "") -> Quantity:
        """Loss over the grid, shape (axes…, width); ``measure`` as in the file unless given, e.g. "best"."""
        return self[f"sweep/{measure or self.measure}"]

    @property
    def curves(self) -> Quantity:
        """Train loss before every step, shape (axes…, width, step)."""
        return self["sweep/loss"]

    @property
    def status(self) -> Array:
        """A word of STATUS for every cell, shape (axes…, width)."""
        return self.words("sweep/status", STATUS)

    @property
    def optimum(self) -> Quantity:
        """Best values, shape (other axes…, width)."""
        return self["results/optimum"]

    @property
    def optimum_loss(self) -> Quantity:
        """Losses at the best values, shape (other axes…, width)."""
        return self["results/optimum_loss"]

    @property
    def drift(self) -> Quantity:
        """Slope d ln(best value) / d ln N over finite widths, shape (other axes…,)."""
        return self["results/drift"]

    @property
    def distance(self) -> Quantity:
        """ln(best value of the largest finite width / that of the limit), shape (other axes…,)."""
        return self["results/distance"]

    @property
    def directions(self) -> Tuple[str, ...]:
        """Along what best values were transferred: "width", and keys of other axes of positive numbers."""
        found = sorted(name.split("/")[-1] for name in self.names() if name.startswith("results/regret/"))
        return tuple(key for key in ("width", *self.axes) if key in found)

    def regret(self, key: str = "width", relative: bool = False) -> Quantity:
        """What the best values of other widths (or of other values of the axis ``key``) cost: the loss with that value minus the smallest loss, over
        which it is taken with ``relative``. Shape (other axes…, width, base): the last position is where the value comes from."""
        return self[f"results/{'regret_relative' if relative else 'regret'}/{key}"]

    def regret_kind(self, key: str = "width") -> Array:
        """A word of REGRETS for each number of ``regret(key)``."""
        return self.words(f"results/regret_kind/{key}", REGRETS)

    def drift_along(self, key: str) -> Quantity:
        """Slope d ln(best value) / d ln(value of the axis ``key``), shape (other axes without ``key``…, width)."""
        return self[f"results/drifts/{key}"]

    @property
    def slices(self) -> List[Slice]:
        """One for each setting of the other axes. MissingError where the sweep has no best values."""
        if not self.along:
            raise MissingError(f"{self._node.file.filename}: no axis holds positive numbers, so there is no best value; "
                               "loss() has the whole grid")
        others = [(key, values) for key, values in self.axes.items() if key != self.along]
        return [self._slice(others, position) for position in np.ndindex(*(len(values) for _, values in others))]

    def _slice(self, others: List[Tuple[str, Tuple[Value, ...]]], position: Tuple[int, ...]) -> Slice:
        at = {key: i for (key, _), i in zip(others, position)}
        grid: Index = tuple(at.get(key, slice(None)) for key in self.axes)
        kinds = self.words("results/optimum_kind", KINDS)[position]
        return Slice(
            setting={key: values[i] for (key, values), i in zip(others, position)},
            key=self.along,
            values=np.array(self.axes[self.along], dtype=float),
            widths=self.widths,
            loss=self.loss()[grid],
            optimum=self.optimum[position],
            kind=tuple(map(str, kinds)),
            optimum_loss=self.optimum_loss[position],
            drift=self.drift[position],
            runs=self["sweep/runs"].mean,
            regret=self.regret()[position] if "results/regret/width" in self else None,
        )

    @property
    def problems(self) -> List[str]:
        """Cells that were not computed or failed."""
        found = [(word, int(np.sum(self.status == word))) for word in ("missing", "failed")]
        return [f"{count} of {self.status.size} cells {word}" for word, count in found if count]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{key}: {len(values)}" for key, values in self.axes.items())
        return f"<Sweep over {sizes}; {len(self.widths)} widths; best {self.along or 'value: none'} by {self.measure} loss>"
