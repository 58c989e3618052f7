"""Read the output files of moedmft.

    import moedmft
    with moedmft.open("out/fashion.h5") as run:
        print(run.config["train.lr"], run.limit.loss.mean, run.networks[64].loss.error)

Plots are in moedmft.plot, which needs matplotlib. `python -m moedmft FILE.h5` lists what a file holds.
"""

from ._version import __version__
from .comparison import Comparison, Rate
from .coordcheck import CoordCheck, Part
from .ensemble import Ensemble, Stop
from .errors import FileError, IncompleteWarning, MissingError, MoedmftError, SchemaError
from .group import Group
from .quantity import Quantity
from .run import Provenance, Run, open
from .statistics import Histogram
from .sweep import Slice, Sweep

__all__ = [
    "Comparison",
    "CoordCheck",
    "Ensemble",
    "FileError",
    "Group",
    "Histogram",
    "IncompleteWarning",
    "MissingError",
    "MoedmftError",
    "Part",
    "Provenance",
    "Quantity",
    "Rate",
    "Run",
    "SchemaError",
    "Slice",
    "Stop",
    "Sweep",
    "__version__",
    "open",
]
