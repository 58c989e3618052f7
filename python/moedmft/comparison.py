"""Deviations of networks from the limit, and their rates in N (docs/output.md, Comparison)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, List

from .group import Group
from .quantity import Array, Quantity


def _sign(bound: float) -> int:
    """NaN has none."""
    return int(bound > 0) - int(bound < 0)


@dataclass(frozen=True)
class Rate:
    """A fit of deviation ~ N^-exponent; ``exponent`` is NaN where nothing stands out of the noise. ``str`` gives it in words.

    name       what deviates: path of the array without observables/
    deviation  root mean square over all elements, noise removed, for every width
    scale      root mean square of the array in the limit (NaN where the file has none)
    exponent, error   of the fit
    predicted  exponent expected by docs/theory.md, section 11 (NaN where the file has none)
    freedom    degrees of freedom of all these errors (NaN where the file has none)
    bound      1: p is above ``exponent``, -1: below it, by two standard errors, and ``error`` is infinite; 0: it is a value
    """

    name: str
    deviation: Quantity
    scale: float
    exponent: float
    error: float
    predicted: float = float("nan")
    bound: int = 0
    freedom: float = float("nan")

    def __str__(self) -> str:
        if not math.isfinite(self.exponent):
            return "unresolved"
        if self.bound:
            return f"p {'>' if self.bound > 0 else '<'} {self.exponent:.2f}"
        return f"p = {self.exponent:.2f} ± {self.error:.2f}" if math.isfinite(self.error) else f"p = {self.exponent:.2f}"


class Comparison(Group):
    """What `moedmft compare` found: networks against the limit."""

    @property
    def widths(self) -> Array:
        """N, ascending."""
        return self["width"].mean.astype(int)

    @property
    def seeds(self) -> Array:
        """Networks of each width."""
        return self["seeds"].mean.astype(int)

    @property
    def deviation(self) -> Quantity:
        """Deviation of the mean train prediction from the limit, shape (width,)."""
        return self["deviation"]

    @property
    def spread(self) -> Quantity:
        """Standard deviation of the train prediction over seeds, shape (width,)."""
        return self["spread"]

    @property
    def rate(self) -> Rate:
        """Rate of ``deviation``."""
        fit = self._fit()
        return Rate("train/prediction", self.deviation, self._scale("train/prediction"), fit.get("exponent", _NAN),
                    fit.get("exponent_stderr", _NAN), fit.get("predicted", _NAN), _sign(fit.get("exponent_bound", 0)),
                    self._freedom("train/prediction"))

    @property
    def spread_rate(self) -> Rate:
        """Rate of ``spread``; independent neurons give 1/2."""
        fit = self._fit()
        return Rate("spread", self.spread, _NAN, fit.get("spread_exponent", _NAN),
                    fit.get("spread_exponent_stderr", _NAN), 0.5, _sign(fit.get("spread_exponent_bound", 0)),
                    float(self.seeds.min()) - 1)

    def compared(self) -> List[str]:
        """Names of all arrays that were compared, as `rate_of` takes them."""
        start, end = "each/", "/deviation"
        return [name[len(start) : -len(end)] for name in self.names() if name.startswith(start) and name.endswith(end)]

    def rate_of(self, name: str) -> Rate:
        """Deviation and rate of one array, e.g. "rms/h", "test/loss" or "kernels/Q/forward"."""
        exponent = self[f"each/{name}/exponent"]
        error = _NAN if exponent.error is None else float(exponent.error.item())
        bound = f"each/{name}/exponent_bound"
        return Rate(name, self[f"each/{name}/deviation"], self._scale(name), float(exponent), error,
                    bound=_sign(float(self[bound])) if bound in self else 0, freedom=self._freedom(name))

    @property
    def rates(self) -> Dict[str, Rate]:
        """All of them."""
        return {name: self.rate_of(name) for name in self.compared()}

    def _fit(self) -> Dict[str, float]:
        node = self._open_node()
        return Group(node["fit"]).attributes if "fit" in node else {}

    def _scale(self, name: str) -> float:
        path = f"each/{name}/scale"
        return float(self[path]) if path in self else _NAN

    def _freedom(self, name: str) -> float:
        path = f"each/{name}/exponent_freedom"
        return float(self[path]) if path in self else _NAN

    def __repr__(self) -> str:
        return f"<Comparison N = {', '.join(map(str, self.widths))}: deviation ~ N^-p, {self.rate}>"


_NAN = float("nan")
