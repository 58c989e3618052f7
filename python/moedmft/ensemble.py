"""The limit, or the networks of one width: the same quantities for both."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple, Union

import h5py
import numpy as np

from .errors import MissingError
from .group import Group
from .quantity import Array, Quantity
from .statistics import Histogram

# Fields of docs/theory.md whose kernels are stored, and where (docs/output.md, Kernels).
KERNELS = {
    "x": "W_in/forward",
    "h": "W1/forward",
    "y": "W2/forward",
    "a": "w_out/forward",
    "rho": "Q/backward",
    "gamma": "W1/backward",
    "delta": "W2/backward",
    "r": "W_in/backward",
    "e": "w_out/backward",
}

At = Union[None, int, Tuple[int, int]]


@dataclass(frozen=True)
class Stop:
    """Why runs ended early ("interrupted" or "diverged"): arrays hold steps 0 to ``step`` - 1."""

    reason: str
    step: int

    def __str__(self) -> str:
        return f"{self.reason} before step {self.step}"


def not_of_an_ensemble(path: str) -> bool:
    """Groups below the root, or below a width, that hold other things than means over its runs."""
    return re.fullmatch(r"width_\d+|members|resume|comparison|coordcheck|depths|sweep|axes|results|data", path) is not None


class Ensemble(Group):
    """Means over replicas of the limit (``width`` = inf), over networks of one width, or a single run of these."""

    def __init__(self, node: h5py.Group, width: float, member: Optional[int] = None, block: Optional[int] = None) -> None:
        super().__init__(node, not_of_an_ensemble, block)
        self.width = width
        self.member = member

    @property
    def label(self) -> str:
        """Name for legends: "limit" or "N = 64"."""
        name, single = ("limit", "replica") if math.isinf(self.width) else (f"N = {self.width:.0f}", "seed")
        return name if self.member is None else f"{name}, {single} {self.member}"

    @property
    def runs(self) -> int:
        """Replicas or seeds that the means are over."""
        return 1 if self.member is not None else int(self.attributes.get("runs", 0))

    @property
    def stopped(self) -> Optional[Stop]:
        """Why and where the runs ended early; None when they did not."""
        attributes = self.attributes
        for reason in ("interrupted", "diverged"):
            if f"{reason}_at_step" in attributes:
                return Stop(reason, int(attributes[f"{reason}_at_step"]))
        return None

    @property
    def members(self) -> Dict[int, Ensemble]:
        """Single runs, by number; empty unless the file keeps them (output.every_seed)."""
        if self.member is not None or "members" not in self._open_node():
            return {}
        runs = self._open_node()["members"]
        return {int(number): Member(runs, self.width, int(number), row, self._chosen) for row, number in enumerate(self["members/index"].mean)}

    # Observables

    @property
    def loss(self) -> Quantity:
        """Train loss, shape (step,)."""
        return self["observables/train/loss"]

    @property
    def prediction(self) -> Quantity:
        """Predictions on the batch, shape (step, sample, output): of all steps, or of ``prediction_steps`` with output.every > 1."""
        return self["observables/train/prediction"]

    @property
    def accuracy(self) -> Quantity:
        """Train accuracy, shape (step,); only for class labels and targets +1, -1."""
        return self["observables/train/accuracy"]

    @property
    def test_loss(self) -> Quantity:
        """Test loss, shape (test step,); only with data.test > 0."""
        return self["observables/test/loss"]

    @property
    def test_prediction(self) -> Quantity:
        """Predictions on the test part, shape (test step, sample, output)."""
        return self["observables/test/prediction"]

    @property
    def test_accuracy(self) -> Quantity:
        """Test accuracy, shape (test step,)."""
        return self["observables/test/accuracy"]

    def observable(self, name: str) -> Quantity:
        """An observable by its path below observables/, e.g. "rms/h" or "router/load_std"."""
        return self[f"observables/{name}"]

    # Statistics

    def histogram(self, field: str = "psi", at: int = -1) -> Histogram:
        """Distribution of the logits "psi" or gates "g" over experts and samples at a step of ``times``; -1: the last."""
        stored = self.one_block(self._statistic(f"{field}/histogram"))[self._grid_index("statistics", at)]
        edges = self._statistic(f"{field}/edge").mean
        return Histogram(edges, stored[1:-1], float(stored[0]), float(stored[-1]))

    def quantiles(self, field: str = "psi", probability: Optional[float] = None) -> Quantity:
        """Quantiles of "psi", "g" or "load" on the time grid: shape (time, probability), or (time,) at one of them. Of residual
        stacks, here and below, all blocks come first unless the file was opened with one.

        The probabilities that are stored: self["statistics/probability"].
        """
        stored = self._statistic(f"{field}/quantile")
        if probability is None:
            return stored
        known = self._statistic("probability").mean
        at = np.flatnonzero(np.isclose(known, probability))
        if not at.size:
            grid = ", ".join(f"{p:g}" for p in known)
            raise MissingError(f"{self._node.file.filename}: no quantile {probability:g}; there are {grid}")
        return stored[..., int(at[0])]

    def alignment(self, field: str = "h") -> Quantity:
        """Centred alignment of a kernel with the targets on the time grid: "h", "y", "a", or "ntk"; shape (time,)."""
        return self._statistic("alignment", "ntk") if field == "ntk" else self._statistic(f"alignment/{field}")

    def ntk(self, tensor: str = "total", at: Optional[int] = None) -> Quantity:
        """Tangent kernel, or the part of one tensor (W_in, Q, W1, W2, w_out): shape (time, sample, sample).

        at: a step of the time grid (-1: the last), for the matrix (sample, sample). Written with output.ntk: true.
        """
        stored = self._statistic(tensor, "ntk")
        return stored if at is None else stored[self._grid_index("statistics/ntk", at)]

    @property
    def statistics_times(self) -> Array:
        """Steps of the time grid of ``histogram``, ``quantiles``, ``alignment`` and ``ntk``."""
        return self._statistic("time").mean.astype(int)

    def _statistic(self, name: str, part: str = "") -> Quantity:
        group = f"statistics/{part}".rstrip("/")
        if f"{group}/{name}" not in self:
            raise MissingError(self._no_array(f"{group}/{name}", group, [], f"output.{part or 'statistics'}"))
        return self[f"{group}/{name}"]

    # Axes

    @property
    def steps(self) -> Array:
        """Gradient steps made before each entry of ``loss``: 0, 1, ..."""
        return np.arange(len(self.loss))

    @property
    def prediction_steps(self) -> Array:
        """Gradient steps made before each entry of ``prediction``: 0, output.every, 2 output.every, ... and the last."""
        path = "observables/train/prediction_step"
        return self[path].mean.astype(int) if path in self else np.arange(len(self.prediction))

    @property
    def test_steps(self) -> Array:
        """Steps at which the test part was evaluated."""
        return self["observables/test/step"].mean.astype(int)

    @property
    def times(self) -> Array:
        """Steps of the time grid of kernels and responses."""
        return self["kernels/time" if "kernels/time" in self else "responses/time"].mean.astype(int)

    # Kernels and responses

    def kernel(self, field: str, at: At = None) -> Quantity:
        """Kernel of a field, e.g. kernel("h"), or of an input of a matrix, e.g. kernel("W1/backward").

        at: None gives all times, shape (time, sample, time, sample); a step t of ``times`` the matrix of samples at t;
        a pair (t, s) the matrix between t and s. Fields: x h y a rho gamma delta r e, where the kernel of r is that of
        r phi'(z).
        """
        path = f"kernels/{KERNELS.get(field, field)}"
        if path not in self:
            raise MissingError(self._no_array(f"kernel of '{field}'", "kernels", list(KERNELS), "output.kernels"))
        return self._block(self[path], at)

    def response(self, matrix: str, direction: str = "forward", action: bool = False, at: At = None) -> Quantity:
        """Response function of a matrix Q, W1 or W2 (docs/output.md, Responses); ``at`` as for kernels.

        action: the response's action on the kernel instead, which needs no deconvolution: the one to compare.
        """
        path = f"responses/{matrix}/{direction}" + ("_action" if action else "")
        if path not in self:
            raise MissingError(self._no_array(f"{path} ({self.label})", "responses", [], "output.responses"))
        return self._block(self[path], at)

    def _block(self, array: Quantity, at: At) -> Quantity:
        if at is None:
            return array
        t, s = at if isinstance(at, tuple) else (at, at)
        i, j = (self._time_index(step) for step in (t, s))
        return array[..., i, :, j, :]

    def one_block(self, array: Quantity) -> Quantity:
        """The array, of which there must be one: MissingError where it has all blocks of a residual stack."""
        if array.dims[:1] != ("block",):
            return array
        raise MissingError(f"{self._node.file.filename}: {array.name} has {len(array)} blocks; choose one, moedmft.open(FILE, block=-1)")

    def _time_index(self, step: int) -> int:
        return self._on_grid(step, self.times)

    def _grid_index(self, group: str, step: int) -> int:
        times = self[f"{group}/time"].mean.astype(int)
        return len(times) - 1 if step == -1 else self._on_grid(step, times)

    def _on_grid(self, step: int, times: Array) -> int:
        if step not in times:
            grid = ", ".join(map(str, times))
            raise MissingError(f"{self._node.file.filename}: step {step} is not on the time grid; it has {grid}")
        return int(np.flatnonzero(times == step)[0])

    def _no_array(self, what: str, group: str, fields: Sequence[str], option: str) -> str:
        names: List[str] = [name[len(group) + 1 :] for name in self.names() if name.startswith(group + "/")]
        names = [name for name in names if name != "time"]
        where = f"{self._node.file.filename}: there is no {what}"
        if not names:
            return f"{where}: {self.label} has no {group} at all (the option {option} writes them)"
        return f"{where}; there is {', '.join([*fields, *names])}"

    def __repr__(self) -> str:
        stop = f", {self.stopped}" if self.stopped else ""
        return f"<Ensemble {self.label}: {self.runs} run{'s' if self.runs != 1 else ''}{stop}>"


class Member(Ensemble):
    """A single run: a row of the arrays below ``members``, whose first dimension counts runs."""

    def __init__(self, node: h5py.Group, width: float, member: int, row: int, block: Optional[int] = None) -> None:
        super().__init__(node, width, member, block)
        self._row: Optional[int] = row

    def names(self) -> List[str]:
        return [name for name in super().names() if name != "index"]
