"""Parts of every product in networks and limit, and how they scale with N (docs/output.md, Coordinate check)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

from .errors import MissingError
from .group import Group
from .quantity import Array, Quantity, plus_minus

# In the order of the file's tables.
PRODUCTS = ("W_in/forward", "Q/forward", "W1/forward", "W2/forward", "w_out/forward",
            "w_out/backward", "W2/backward", "Q/backward", "W1/backward", "r/backward")
STREAM = "stream/forward"  # behind them, of residual blocks: h^L - h^0
PARTS = ("init", "propagating", "effective", "cross", "learned", "update", "total")
DESIDERATA = ("stability", "feature learning", "maximal effective updates", "maximal propagating updates",
              "balanced aggregation")


@dataclass(frozen=True)
class Part:
    """One part of a product, e.g. the initial part of the aggregate.

    product, part     names from PRODUCTS and PARTS
    widths            N, shape (W,)
    rms               root mean square in networks, shape (width,)
    exponent, error   p of a fit RMS ~ N^p; NaN where the part is absent
    predicted         p by the exponents of the parameterization; -inf: absent; NaN: no prediction
    limit             root mean square in the limit; NaN: there is none
    agrees            True, False, or None without a verdict
    seeds             networks of each width, shape (W,)
    """

    product: str
    part: str
    widths: Array
    rms: Quantity
    exponent: float
    error: float
    predicted: float
    limit: float
    agrees: Optional[bool]
    seeds: Array

    @property
    def survives(self) -> bool:
        """Whether the part is predicted to stay as N grows; the limit's number is sampling noise where it does not."""
        return not self.predicted < 0

    def __str__(self) -> str:
        verdict = {True: "agrees", False: "DEVIATES", None: ""}[self.agrees]
        ends = f"{self.rms.mean[0]:.4f} -> {self.rms.mean[-1]:.4f}"
        found = f"N^p with p = {self.exponent:.2f}{plus_minus(self.error, '.2f')}" if math.isfinite(self.exponent) else "absent"
        return f"{ends}, {found}, predicted {self.predicted:g} {verdict}".rstrip()


class CoordCheck(Group):
    """What `moedmft coordcheck` found: a table of products and parts; of residual blocks, that of the block chosen with
    `moedmft.open(FILE, block=…)`, or of the last."""

    @property
    def products(self) -> Tuple[str, ...]:
        """Names of the products: PRODUCTS, and STREAM for residual blocks."""
        stacked = self["exponent"].shape[-2] > len(PRODUCTS)
        return PRODUCTS + (STREAM,) if stacked else PRODUCTS

    def _table(self, name: str) -> Quantity:
        quantity = self[name]
        return quantity[-1] if quantity.dims[:1] == ("block",) else quantity

    @property
    def widths(self) -> Array:
        """N, ascending."""
        return self["width"].mean.astype(int)

    @property
    def step(self) -> int:
        """The step that is looked at."""
        return int(self["step"].mean.item())

    def part(self, product: str, part: str) -> Part:
        """A row of the table, e.g. part("W2/forward", "init"): the initial part of the aggregate."""
        products = self.products
        if product not in products or part not in PARTS:
            raise MissingError(f"{self._node.file.filename}: there is no part '{part}' of '{product}'; products are "
                               f"{', '.join(products)}; parts {', '.join(PARTS)}")
        return self._part_at(self._tables(), product, part, products.index(product))

    def _tables(self) -> Dict[str, Quantity]:
        return {name: self._table(name) for name in ("rms", "exponent", "predicted", "limit", "agrees")} | {name: self[name] for name in ("width", "seeds")}

    @staticmethod
    def _part_at(tables: Dict[str, Quantity], product: str, part: str, index: int) -> Part:
        at = (index, PARTS.index(part))
        exponent, agrees = tables["exponent"], float(tables["agrees"].mean[at])
        return Part(
            product, part, tables["width"].mean.astype(int), tables["rms"][at], float(exponent.mean[at]),
            float("nan") if exponent.error is None else float(exponent.error[at]), float(tables["predicted"].mean[at]),
            float(tables["limit"].mean[at]), None if np.isnan(agrees) else bool(agrees), tables["seeds"].mean)

    @property
    def table(self) -> List[Part]:
        """All of them, products in the order of `products`."""
        tables = self._tables()
        return [self._part_at(tables, product, part, i) for i, product in enumerate(self.products) for part in PARTS]

    @property
    def deviations(self) -> List[Part]:
        """Those that do not scale as predicted."""
        return [row for row in self.table if row.agrees is False]

    @property
    def promised(self) -> Dict[str, bool]:
        """What the parameterization promises, by the names of DESIDERATA."""
        return {name: bool(value) for name, value in zip(DESIDERATA, self["promised"].mean)}

    @property
    def kept(self) -> Dict[str, Optional[bool]]:
        """What was measured; None where it cannot be seen."""
        return {name: None if np.isnan(v) else bool(v) for name, v in zip(DESIDERATA, self["kept"].mean)}

    def __repr__(self) -> str:
        return f"<CoordCheck at step {self.step}, N = {', '.join(map(str, self.widths))}: {len(self.deviations)} deviations>"
