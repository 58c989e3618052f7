"""Distributions on the time grid, and the tangent kernel (docs/output.md, Statistics)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .quantity import Array, Quantity


@dataclass(frozen=True)
class Histogram:
    """A distribution at one step, over B bins of equal width.

    edges     shape (B + 1,)
    fraction  of each bin, shape (bin,)
    below, above   fractions outside the edges; all of them sum to 1
    """

    edges: Array
    fraction: Quantity
    below: float
    above: float

    @property
    def centres(self) -> Array:
        """Middles of the bins, shape (B,)."""
        return np.asarray((self.edges[1:] + self.edges[:-1]) / 2)

    @property
    def density(self) -> Array:
        """Fraction per unit of the quantity, shape (B,); its sum times the width of a bin is 1 - below - above."""
        return np.asarray(self.fraction.mean / np.diff(self.edges))

    @property
    def density_error(self) -> Array:
        """Standard error of ``density``; zero where the file has none."""
        error = self.fraction.error
        return np.zeros_like(self.density) if error is None else np.asarray(error / np.diff(self.edges))

    def mean(self) -> float:
        """Mean of what lies within the edges, each bin counted at its middle."""
        return float((self.centres * self.fraction.mean).sum() / self.fraction.mean.sum())

    def coarser(self, join: int) -> "Histogram":
        """The same with every ``join`` bins put together; bins that are left over at the upper end stay one narrower bin.

        Errors are added as if bins were independent.
        """
        starts = np.arange(0, len(self.fraction), join)
        error = self.fraction.error
        joined = Quantity(
            self.fraction.name, np.add.reduceat(self.fraction.mean, starts),
            None if error is None else np.sqrt(np.add.reduceat(error**2, starts)), self.fraction.dims, self.fraction.meaning)
        return Histogram(np.append(self.edges[starts], self.edges[-1]), joined, self.below, self.above)
