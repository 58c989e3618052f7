"""Arrays below one group of a file, read when they are asked for."""

from __future__ import annotations

import difflib
import re
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

import h5py
import numpy as np

from .errors import FileError, MissingError
from .quantity import Array, Quantity

TWIN = "_stderr"  # NAME_stderr is the standard error of NAME
KINDS = {"Q": "moe", "W1": "moe", "W2": "moe", "W_qkv": "attention", "W_O": "attention"}  # blocks that have a tensor of weights


def block_kinds(attributes: Mapping[str, Any]) -> List[str]:
    """Kinds of the blocks of a residual stack, "moe" or "attention", in their order: the layer model.blocks, model.depth times."""
    return re.findall(r"\w+", str(attributes.get("config:model.blocks", "[moe]"))) * int(attributes.get("config:model.depth", 0))


class Group(Mapping[str, Quantity]):
    """The datasets below a group as a mapping from their paths to Quantities.

    Works for groups of any name, also for those that later versions of moedmft add. Paths are relative to the group.
    ``leave_out(path)`` says which groups belong to somebody else and are not listed; they can still be asked for.
    """

    def __init__(self, node: h5py.Group, leave_out: Optional[Callable[[str], bool]] = None, block: Optional[int] = None) -> None:
        self._node = node
        self._chosen = block
        self._leave_out = leave_out or (lambda path: False)
        self._row: Optional[int] = None  # only this position of every dataset's first dimension

    @property
    def path(self) -> str:
        """Where the group is in the file, "/" for the root."""
        return str(self._open_node().name)

    @property
    def attributes(self) -> Dict[str, Any]:
        """Attributes of the group as Python numbers and text."""
        return {key: plain(value) for key, value in self._open_node().attrs.items()}

    def subgroup(self, path: str) -> Group:
        """A group below this one; MissingError where there is none."""
        node = self._open_node().get(path)
        if not isinstance(node, h5py.Group):
            raise MissingError(f"{self._node.file.filename}: there is no group '{path}' in {self.path}")
        return Group(node)

    def attribute(self, name: str) -> Any:
        """One attribute; MissingError where there is none."""
        if name not in self._open_node().attrs:
            raise MissingError(f"{self._node.file.filename}: {self.path} has no attribute '{name}'")
        return plain(self._open_node().attrs[name])

    def words(self, path: str, words: Sequence[str]) -> Array:
        """The words that a dataset of codes stands for, of its shape; NaN stands for the last. FileError: other codes."""
        codes = self[path].mean
        known = np.isnan(codes) | ((codes >= 0) & (codes < len(words)) & (codes == np.floor(codes)))
        if not known.all():
            raise FileError(f"{self._node.file.filename}: {path} holds codes that mean nothing")
        return np.asarray(np.array(words)[np.where(np.isnan(codes), len(words) - 1, codes).astype(int)])

    def names(self) -> List[str]:
        """Paths of all datasets, sorted; standard errors belong to their datasets and are not listed."""
        found: List[str] = []
        self._collect(self._open_node(), "", found)
        return sorted(found)

    def _collect(self, node: h5py.Group, prefix: str, found: List[str]) -> None:
        for key in node:
            path = prefix + key
            kind = node.get(key, getclass=True)  # without opening it
            if kind is h5py.Group:
                if not self._leave_out(path):
                    self._collect(node[key], path + "/", found)
            elif kind is h5py.Dataset and not (key.endswith(TWIN) and key[: -len(TWIN)] in node):
                found.append(path)

    def __getitem__(self, path: str) -> Quantity:
        """The dataset at ``path``; MissingError, a KeyError, tells what there is instead."""
        node = self._open_node()
        found = node.get(path) if path else None
        if not isinstance(found, h5py.Dataset):
            raise MissingError(self._missing(path, found))
        try:
            return self._of_block(read(found, self._row))
        except (OSError, IndexError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split())
            raise FileError(f"{node.file.filename}: {found.name} cannot be read ({reason})") from None

    def _of_block(self, quantity: Quantity) -> Quantity:
        """Of residual stacks: the block that was chosen when the file was opened; of the stream (h, r), as it is before that block."""
        if self._chosen is None or quantity.dims[:1] != ("block",):
            return quantity
        config = self._node.file.attrs
        kinds, stored = block_kinds({key: plain(value) for key, value in config.items()}), str(plain(config.get("config:output.blocks", "[]")))
        listed = [int(word) for word in stored.strip("[] ").split(",") if word.strip()]
        block = self._chosen + len(kinds) if self._chosen < 0 else self._chosen
        tensor = re.search(r"weights/(\w+)/\w+$", quantity.name)
        if tensor and tensor[1] in KINDS:  # of all blocks of its kind
            listed = [at for at, kind in enumerate(kinds) if kind == KINDS[tensor[1]]]
        elif quantity.shape[0] >= len(kinds):
            return quantity[block]
        if block not in listed:
            raise MissingError(f"{self._node.file.filename}: {quantity.name} holds blocks {listed}, not {block}")
        return quantity[listed.index(block)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    __eq__ = object.__eq__  # a Mapping would read and compare all arrays
    __hash__ = object.__hash__

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and path != "" and isinstance(self._open_node().get(path), h5py.Dataset)

    def _missing(self, path: str, found: Any) -> str:
        names = self.names()
        where = f"{self._node.file.filename}: '{path}' is"
        if isinstance(found, h5py.Group):
            inside = Group(found).names()[:4]
            return f"{where} a group; it holds {', '.join(f'{path}/{name}' for name in inside) or 'nothing'}"
        last = path.split("/")[-1]
        close = difflib.get_close_matches(path, names, 3) or [name for name in names if name.split("/")[-1] == last]
        hint = f"; did you mean {' or '.join(close[:3])}?" if close else "; names() lists what there is"
        return f"{where} not in {self.path}{hint}"

    def _open_node(self) -> h5py.Group:
        if not self._node:
            raise FileError("the file is closed; read what is needed inside the 'with' block, or without one")
        return self._node


def plain(value: Any) -> Any:
    """An attribute as a Python number, text or list."""
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    return value.item() if isinstance(value, np.generic) else value.tolist() if isinstance(value, np.ndarray) else value


PROMISED = 64 << 20  # bytes that may be fill values


def _numbers(dataset: h5py.Dataset, part: Any) -> Array:
    """FileError: more of them than the bytes in the file can hold (deflate makes a byte of 1032 at most), which nobody wrote."""
    bytes_, stored = dataset.size * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if bytes_ > PROMISED and bytes_ > 2000 * stored:
        raise FileError(f"{dataset.file.filename}: {dataset.name} promises {dataset.size} numbers, of which {stored} bytes are there; take a copy of the file, or compute it anew")
    return np.asarray(dataset[part])


def read(dataset: h5py.Dataset, row: Optional[int] = None) -> Quantity:
    """A dataset, or one position of its first dimension, with its twin and its attributes."""
    part = () if row is None else (row,)
    twin = dataset.parent.get(dataset.name.split("/")[-1] + TWIN)
    if twin is not None and getattr(twin, "shape", None) != dataset.shape:
        raise ValueError("its standard error has another shape")
    dims = str(plain(dataset.attrs.get("dims", "")))
    names = tuple(name.strip() for name in dims.split(",")) if dims else ("?",) * dataset.ndim
    return Quantity(
        name=str(dataset.name).lstrip("/"),
        mean=_numbers(dataset, part),
        error=None if twin is None else _numbers(twin, part),
        dims=names[len(part):],
        meaning=str(plain(dataset.attrs.get("description", ""))),
    )
