"""The file of a coordinate check of a PyTorch model, in the layout of `moedmft coordcheck` (docs/output.md)."""

from __future__ import annotations

import datetime
import math
import os
from typing import Any, Dict, List, Mapping, Sequence, Tuple, Union

import h5py
import numpy as np

from . import torch as mt
from ._version import __version__
from .coordcheck import PARTS, PRODUCTS, STREAM
from .reach import student

SCHEMA = 2
FLAT = [{"W_in/forward": ("W_in",), "Q/forward": ("Q",), "W1/forward": ("W1",), "W2/forward": ("W2",), "w_out/forward": ("w_out",)}]
ENDS = {"W_in/forward": ("W_in",), "w_out/forward": ("w_out",)}
DEEP = [{**ENDS, "W1/forward": ("W_Q", "W_K", "W_V"), "W2/forward": ("W_O",)}, {**ENDS, **{k: v for k, v in FLAT[0].items() if k not in ENDS}}]
MEANINGS = {
    "width": "stream width N", "seeds": "networks of this width", "step": "step at which the parts are compared",
    "rms": "RMS of every part; products: W_in, Q, W1, W2, w_out forward; w_out, W2, Q, W1, r backward; parts: init, propagating, effective, cross, learned, update, total",
    "exponent": "fitted p of RMS ~ N^p; NaN: the part is absent", "chi2": "chi^2 per degree of freedom of this fit, whose error grows by its root above 1; NaN: none is left",
    "predicted": "p from the exponents of the parameterization; -inf: absent; NaN: no prediction", "limit": "RMS of every part in the limit; NaN: there is none",
    "agrees": "1: fitted and predicted agree, 0: they do not, NaN: nothing to compare",
    "promised": "1: holds by the exponents of the parameterization (classify)", "kept": "1: holds by the fitted exponents, in every block; NaN: cannot be seen",
}


def _tables(check: "mt.Check", rules: Mapping[str, Any], runs: Any) -> Tuple[Dict[str, np.ndarray], bool]:
    deep = any(f.tensor == "W_Q" for f in check.table)
    blocks, products = (DEEP if deep else FLAT), PRODUCTS + ((STREAM,) if deep else ())
    shape, reach = (len(blocks), len(products), len(PARTS)), student(mt.ERRORS, check.seeds - 1)
    found = {name: np.full(shape, math.nan) for name in ("exponent", "exponent_stderr", "chi2", "predicted", "limit", "limit_stderr", "agrees")}
    found.update({name: np.full((*shape, len(check.widths)), math.nan) for name in ("rms", "rms_stderr")})
    for b, block in enumerate(blocks):
        for product, tensors in block.items():
            for k, part in enumerate(PARTS):
                keys = [(t, part) for t in tensors if any((t, part) in run for run in runs[0])]
                at = (b, products.index(product), k)
                if not keys:
                    continue
                found["rms"][at], found["rms_stderr"][at] = rms, error = mt._means(runs, keys)
                found["exponent"][at], found["exponent_stderr"][at], found["chi2"][at] = p, s, _ = mt._fit(np.array(check.widths, float), rms, error)
                found["predicted"][at] = predicted = mt._predicted(rules, keys[0][0], part)
                agrees = mt._agrees(mt._lowest(rules, keys[0][0], part), predicted, rms, p, s, reach)
                found["agrees"][at] = math.nan if agrees is None else float(agrees)
    return ({k: v if deep else v[0] for k, v in found.items()}, deep)


def _set(group: h5py.Group, name: str, value: np.ndarray, dims: str, description: str) -> None:
    data = group.create_dataset(name, data=value)
    data.attrs["dims"], data.attrs["description"] = np.bytes_(dims), np.bytes_(description)


def _attributes(file: h5py.File, rules: Mapping[str, Any], deep: bool) -> None:
    texts = {"format": "moedmft", "status": "complete", "command": "coordcheck", "arguments": "moedmft.torch.coordinate_check", "version": __version__,
             "commit": "unknown", "sources": "", "compiler": f"PyTorch {mt.torch.__version__}", "blas": "PyTorch's", "hdf5": h5py.version.hdf5_version,
             "created": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "config:model.regime": rules["regime"],
             "config:model.parameterization": rules["parameterization"], "config:train.optimizer": rules["optimizer"]}
    if deep:
        texts.update({"config:model.depth": str(max(1, rules["sizes"]["L"])), "config:model.blocks": "[attention, moe]"})
    for name, text in texts.items():
        file.attrs[name] = np.bytes_(text) if text else np.bytes_(" ")
    for name, value in {"schema_version": SCHEMA, "seed": 0, "dirty": 0}.items():
        file.attrs[name] = np.int64(value)


def write(path: Union[str, "os.PathLike[str]"], check: "mt.Check", rules: Mapping[str, Any], runs: Sequence[Sequence[Mapping[Tuple[str, str], float]]]) -> None:
    """Writes the file, whole or not at all. Parts without a number (backward products, the limit, desiderata) are NaN."""
    tables, deep = _tables(check, rules, runs)
    part, cell = f"{os.fspath(path)}.tmp.{os.getpid()}", "block, product, part" if deep else "product, part"
    try:
        with h5py.File(part, "w") as file:
            _attributes(file, rules, deep)
            group = file.create_group("coordcheck")
            vectors: List[Tuple[str, Any, str]] = [("width", check.widths, "width"), ("seeds", [check.seeds] * len(check.widths), "width"), ("step", [check.step], "value"),
                                                   ("promised", rules["promised"], "desideratum"), ("kept", [math.nan] * len(rules["promised"]), "desideratum")]
            for name, value, dims in vectors:
                _set(group, name, np.asarray(value, float), dims, MEANINGS[name])
            for name, value in tables.items():
                base = name.replace("_stderr", "")
                _set(group, name, value, cell + (", width" if base == "rms" else ""), MEANINGS[base] if base == name else f"standard error of {base}")
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)
