"""Read the output files of moedmft.

    import moedmft
    with moedmft.open("out/fashion.h5") as run:
        print(run.config["train.lr"], run.limit.loss.mean, run.networks[64].loss.error)

Plots are in moedmft.plot, which needs matplotlib. `python -m moedmft FILE.h5` lists what a file holds.
"""

from ._version import __version__
from .comparison import Comparison, Rate
from .ensemble import Ensemble, Stop
from .errors import FileError, IncompleteWarning, MissingError, MoedmftError, SchemaError
from .group import Group
from .quantity import Quantity
from .run import Provenance, Run, open

__all__ = [
    "Comparison",
    "Ensemble",
    "FileError",
    "Group",
    "IncompleteWarning",
    "MissingError",
    "MoedmftError",
    "Provenance",
    "Quantity",
    "Rate",
    "Run",
    "SchemaError",
    "Stop",
    "__version__",
    "open",
]
