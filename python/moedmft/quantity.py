"""One array of a file with its standard error and its meaning."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Iterator, Optional, Tuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class Quantity(NDArrayOperatorsMixin):
    """A mean over runs, its standard error, and what it means.

    To numpy a Quantity is its mean: ``np.asarray(q)``, ``np.log(q)`` and ``q - 1`` are plain arrays. Errors are not
    propagated through arithmetic; take ``q.error`` where they count. Indexing keeps mean, error and dims together.

    name     path in the file
    mean     array of shape ``shape``
    error    standard error of the mean, same shape; None when the file has none (a single run, or exact data)
    dims     what each dimension counts, e.g. ("step", "sample", "output")
    meaning  what it holds, one sentence
    """

    name: str
    mean: Array
    error: Optional[Array]
    dims: Tuple[str, ...]
    meaning: str

    @property
    def shape(self) -> Tuple[int, ...]:
        return self.mean.shape

    @property
    def ndim(self) -> int:
        return self.mean.ndim

    @property
    def size(self) -> int:
        return self.mean.size

    def __len__(self) -> int:
        return len(self.mean)

    def __iter__(self) -> Iterator[Quantity]:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.mean.item())

    def band(self, width: float = 2.0) -> Tuple[Array, Array]:
        """(mean - width * error, mean + width * error); the mean itself, two times, where there is no error."""
        half = np.zeros_like(self.mean) if self.error is None else width * self.error
        return np.asarray(self.mean - half), np.asarray(self.mean + half)

    def __getitem__(self, key: Any) -> Quantity:
        """The part that numpy's indexing by ``key`` selects; dimensions fixed by an integer disappear from ``dims``."""
        mean = np.asarray(self.mean[key])
        error = None if self.error is None else np.asarray(self.error[key])
        return replace(self, mean=mean, error=error, dims=self._dims_after(key, mean.ndim))

    def _dims_after(self, key: Any, ndim: int) -> Tuple[str, ...]:
        """dims of the part selected by key; named "?" where fancy indexing mixes dimensions."""
        keys = list(key) if isinstance(key, tuple) else [key]
        at = next((i for i, k in enumerate(keys) if k is Ellipsis), None)
        if at is not None:
            keys[at : at + 1] = [slice(None)] * (self.ndim - len(keys) + 1)
        keys += [slice(None)] * (self.ndim - len(keys))
        left = [name for name, k in zip(self.dims, keys) if not isinstance(k, (int, np.integer))]
        return tuple(left) if len(left) == ndim else ("?",) * ndim

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> Array:
        if copy is False and dtype is not None and np.dtype(dtype) != self.mean.dtype:
            raise ValueError(f"{self.name}: cannot be {np.dtype(dtype)} without a copy")
        return np.array(self.mean, dtype=dtype) if copy else np.asarray(self.mean, dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return getattr(ufunc, method)(*_means(inputs), **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*_means(args), **_means(kwargs))

    def __str__(self) -> str:
        if self.size == 1:
            return f"{self.mean.item():.6g}" + ("" if self.error is None else plus_minus(self.error.item()))
        return f"{self.mean}"

    def __repr__(self) -> str:
        sizes = ", ".join(f"{dim}: {n}" for dim, n in zip(self.dims, self.shape))
        value = f" {self}" if self.size == 1 else ""
        error = "with" if self.error is not None else "without"
        return f"<Quantity {self.name} ({sizes}){value}, {error} standard error: {self.meaning}>"


def plus_minus(error: float, form: str = ".2g") -> str:
    """`` ± error``; of too few runs or points to know it: that."""
    return " (error unknown)" if math.isnan(error) else f" ± {error:{form}}"


def _means(value: Any) -> Any:
    """value with every Quantity in it, also inside tuples, lists and dictionaries, replaced by its mean."""
    if isinstance(value, Quantity):
        return value.mean
    if type(value) in (tuple, list):
        return type(value)(_means(part) for part in value)
    return {key: _means(part) for key, part in value.items()} if type(value) is dict else value
