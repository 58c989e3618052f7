"""How many standard errors a bar reaches: those of few runs are uncertain themselves."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

BAND = 2.0  # standard errors, of many runs
FEWEST = 3  # runs that tell an error
NODES, WEIGHTS = np.polynomial.legendre.leggauss(80)


@lru_cache(maxsize=None)
def reach(runs: float = math.nan) -> float:
    """The multiple of a standard error from so many runs that is exceeded as rarely as BAND of a normal distribution (Student's t).

    0 for fewer than FEWEST runs: two tell no error. NaN: the number is not known, BAND. As `moedmft plot` has it.
    """
    if math.isnan(runs) or runs > 1e4:
        return BAND
    return 0.0 if runs < FEWEST else student(BAND, runs - 1)


def student(errors: float, freedom: float) -> float:
    """The multiple of an error with so many degrees of freedom that is exceeded as rarely as ``errors`` of a normal one."""
    tail, low, high = 0.5 * math.erfc(errors / math.sqrt(2)), errors, 1000.0
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _beyond(middle, freedom) > tail else (low, middle)
    return low


def _beyond(t: float, freedom: float) -> float:
    """Probability of more than t: the density's integral, with tan θ = t / √freedom, by Gauss and Legendre."""
    start = math.atan(t / math.sqrt(freedom))
    angle = start + (NODES + 1) / 2 * (math.pi / 2 - start)
    size = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    return float(size * (WEIGHTS * np.cos(angle) ** (freedom - 1)).sum() * (math.pi / 2 - start) / 2)
