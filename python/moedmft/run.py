"""A file written by `moedmft solve`, `simulate`, `compare`, `coordcheck` or `sweep`."""

from __future__ import annotations

import math
import os
import re
import warnings
from dataclasses import dataclass, fields
from typing import Any, Dict, List, Optional, Tuple, Union

import h5py

from .comparison import Comparison
from .coordcheck import CoordCheck
from .ensemble import Ensemble
from .errors import FileError, IncompleteWarning, MissingError, SchemaError
from .group import Group, block_kinds
from .quantity import Array
from .seal import check as check_seal
from .trial import check as check_by_trial
from .sweep import Sweep

SCHEMA = 2  # the schema version that is understood (docs/output.md)
RUNS = {"solve": (True, False), "simulate": (False, True), "compare": (True, True),
        "coordcheck": (False, True)}  # command: limit?, networks?


@dataclass(frozen=True)
class Provenance:
    """Where a file comes from: attributes of its root (docs/output.md)."""

    version: str
    commit: str
    dirty: int  # 1: built from files that differ from the commit
    sources: str  # checksum of sources and compiler flags
    compiler: str
    blas: str
    hdf5: str
    command: str
    arguments: str
    created: str
    seed: int
    schema_version: int


class Run(Group):
    """An output file. Arrays are read when they are asked for; close it, or use it in a ``with`` block.

    ``sealed``: True where the file is as moedmft wrote it, by its checksum; False where another program has changed it.

    As a mapping it holds every dataset of the file by its path: run["width_64/observables/rms/h"], run.names().
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"], block: Optional[int] = None) -> None:
        self.filename = os.fspath(path)
        self.sealed, self._file = _open_file(self.filename)
        super().__init__(self._file, block=block)
        try:
            _check_schema(self.filename, self.attributes)
            _check_block(self.filename, self.attributes, block)
        except Exception:
            self._file.close()
            raise
        if not self.complete:
            warnings.warn(f"{self.filename}: {'; '.join(self.problems)}", IncompleteWarning, stacklevel=3)

    def close(self) -> None:
        """Close the file; arrays that were read stay."""
        self._file.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    # What was computed

    @property
    def limit(self) -> Ensemble:
        """The limit; MissingError when only networks were trained."""
        if not self.has_limit:
            raise MissingError(f"{self.filename}: holds no limit (written by `moedmft {self._command}`; use compare)")
        return Ensemble(self._file, math.inf, block=self._chosen)

    @property
    def has_limit(self) -> bool:
        return "observables" in self._open_node()

    @property
    def networks(self) -> Dict[int, Ensemble]:
        """Ensembles of finite networks by width, ascending; widths that hold nothing are left out."""
        node = self._open_node()
        found = {int(k[6:]): k for k in node if re.fullmatch(r"width_\d+", k) and "observables" in node[k]}
        widths = {width: Ensemble(self._file[key], width, block=self._chosen) for width, key in sorted(found.items())}
        return _Networks(self.filename, widths)

    @property
    def ensembles(self) -> List[Ensemble]:
        """Networks by ascending width, then the limit: what there is."""
        return [*self.networks.values(), *([self.limit] if self.has_limit else [])]

    @property
    def comparison(self) -> Comparison:
        """Networks against the limit; MissingError when the file has no comparison."""
        if "comparison" not in self._open_node():
            raise MissingError(f"{self.filename}: no comparison (`moedmft compare` with two replicas or more has one)")
        return Comparison(self._file["comparison"])

    @property
    def coordcheck(self) -> CoordCheck:
        """Parts of every product by width; MissingError unless `moedmft coordcheck` wrote the file, to its end."""
        if "coordcheck" not in self._open_node():
            raise MissingError(f"{self.filename}: no coordinate check (`moedmft coordcheck` writes one when it gets to its end)")
        return CoordCheck(self._file["coordcheck"], block=self._chosen)

    @property
    def sweep(self) -> Sweep:
        """Losses over the grid and best values; MissingError unless `moedmft sweep` wrote the file."""
        if "sweep" not in self._open_node():
            raise MissingError(f"{self.filename}: no sweep (written by `moedmft {self._command}`)")
        return Sweep(self._file)

    @property
    def data(self) -> Group:
        """Samples: data["train/x"], data["train/y"], data["test/x"], ..., data["batches"]."""
        return Group(self._open_node()["data"])

    @property
    def steps(self) -> Array:
        """Steps of the longest ensemble."""
        return max((e.steps for e in self._some()), key=len)

    @property
    def times(self) -> Array:
        """Time grid of kernels and responses."""
        return self._some()[0].times

    def _some(self) -> List[Ensemble]:
        found = self.ensembles
        if not found:
            raise MissingError(f"{self.filename}: no limit and no networks (written by `moedmft {self._command}`)")
        return found

    # How it was computed

    @property
    def config(self) -> Dict[str, Any]:
        """Every option by its key, e.g. config["train.lr"]; booleans and lists of integers as such."""
        prefix = "config:"
        found = {k[len(prefix) :]: v for k, v in self.attributes.items() if k.startswith(prefix)}
        return _Config(self.filename, {key: _typed(value) for key, value in found.items()})

    @property
    def config_text(self) -> str:
        """The configuration as YAML, to be given to moedmft again."""
        return str(self.attributes.get("config", ""))

    @property
    def provenance(self) -> Provenance:
        """Release, commit, compiler, libraries, command line, time and seed."""
        values = self.attributes
        return Provenance(**{field.name: values.get(field.name) for field in fields(Provenance)})  # type: ignore[arg-type]

    @property
    def _command(self) -> str:
        return str(self.attributes.get("command", "?"))

    # Whether it is all there

    @property
    def complete(self) -> bool:
        """False when a run was interrupted or diverged, or when runs that were asked for are missing."""
        return not self.problems

    @property
    def problems(self) -> List[str]:
        """What is not there, one line each."""
        return [*(f"{e.label} {e.stopped}" for e in self.ensembles if e.stopped), *self._missing_runs()]

    def _missing_runs(self) -> List[str]:
        if "sweep" in self._open_node():
            return self.sweep.problems
        if self._command not in RUNS:
            return []
        limit, networks = RUNS[self._command]
        found = []
        asked = self.config.get("solve.replicas") if limit else None
        if limit and not self.has_limit:
            found.append("the limit is missing")
        elif isinstance(asked, int) and self.limit.runs < asked:
            found.append(f"limit: {self.limit.runs} of {asked} replicas")
        return found + (self._missing_seeds() if networks else [])

    def _missing_seeds(self) -> List[str]:
        widths, seeds = self.config.get("simulate.widths"), self.config.get("simulate.seeds")
        if not isinstance(widths, list) or not isinstance(seeds, list):
            return []
        found, have = [], self.networks
        for i, width in enumerate(widths):
            asked = seeds[i] if len(seeds) == len(widths) else seeds[0]
            runs = have[width].runs if width in have else 0
            if runs < asked:
                found.append(f"N = {width}: {runs} of {asked} seeds")
        return found

    def __repr__(self) -> str:
        held = ", ".join(e.label for e in self.ensembles) or "no ensembles"
        problems = f"; {'; '.join(self.problems)}" if self.problems else ""
        return f"<Run {self.filename}: {held}{problems}>" if self._file else f"<Run {self.filename}: closed>"


def open(path: Union[str, "os.PathLike[str]"], block: Optional[int] = None) -> Run:
    """Open an output file of moedmft for reading. Raises FileError or SchemaError; warns with IncompleteWarning.

    block: of residual stacks (model.depth), arrays with a dimension for blocks are read as those of this block, counted from 0, or from
    -1 for the last; of the stream (h, r), as it is before that block. None: with all blocks.
    """
    return Run(path, block)


class _Networks(Dict[int, Ensemble]):
    """A dictionary whose KeyError tells which widths there are."""

    def __init__(self, filename: str, found: Dict[int, Ensemble]) -> None:
        super().__init__(found)
        self._filename = filename

    def __missing__(self, width: object) -> Ensemble:
        held = ", ".join(map(str, self)) or "none: it has no networks"
        raise MissingError(f"{self._filename}: no networks of width {width}; widths in the file: {held}")


class _Config(Dict[str, Any]):
    """A dictionary whose KeyError names the file."""

    def __init__(self, filename: str, found: Dict[str, Any]) -> None:
        super().__init__(found)
        self._filename = filename

    def __missing__(self, key: object) -> Any:
        raise MissingError(f"{self._filename}: no option '{key}' (`moedmft options` lists them)")


def _check_block(path: str, attributes: Dict[str, Any], block: Optional[int]) -> None:
    blocks = len(block_kinds(attributes))
    if block is not None and not -blocks <= block < blocks:
        raise MissingError(f"{path}: no block {block}; " + (f"there are blocks 0 to {blocks - 1}" if blocks else "it has no residual blocks"))


def _open_file(path: str) -> Tuple[bool, h5py.File]:
    if not os.path.exists(path):
        raise FileError(f"{path}: no such file")
    if os.path.isdir(path):
        raise FileError(f"{path}: is a folder")
    if not os.access(path, os.R_OK):
        raise FileError(f"{path}: cannot be read (permission denied)")
    try:
        sealed = check_seal(path)
        if not sealed:
            check_by_trial(path)
        return sealed, h5py.File(path, "r")
    except FileError:
        raise
    except OSError:
        raise FileError(f"{path}: is not an HDF5 file, or is damaged") from None


def _check_schema(path: str, attributes: Dict[str, Any]) -> None:
    version: Optional[Any] = attributes.get("schema_version")
    if attributes.get("format") != "moedmft" or not isinstance(version, int):
        raise FileError(f"{path}: is an HDF5 file, but was not written by moedmft")
    if version != SCHEMA:
        release = f"use the Python package of moedmft {attributes.get('version', '?')}, which wrote it"
        raise SchemaError(f"{path}: schema version {version} is not known here ({SCHEMA} is); {release}")


def _typed(value: Any) -> Any:
    """Options that the file keeps as text: booleans and lists of integers."""
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, str) and re.fullmatch(r"\[\s*(-?\d+\s*(,\s*-?\d+\s*)*)?\]", value):
        return [int(part) for part in value.strip("[] ").split(",") if part.strip()]
    return value
