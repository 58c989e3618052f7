"""What can go wrong when a file is read. Every message is one line: what, where, what to do."""

from __future__ import annotations


class MoedmftError(Exception):
    """Base of all errors of this package."""


class FileError(MoedmftError, OSError):
    """The file cannot be read, or is not an output file of moedmft."""


class SchemaError(MoedmftError):
    """The file has a schema version that this package does not know."""


class MissingError(MoedmftError, KeyError):
    """The file does not hold what was asked for."""

    def __str__(self) -> str:  # KeyError would print the representation, with quotes
        return str(self.args[0]) if self.args else ""


class IncompleteWarning(UserWarning):
    """The file holds a run that ended early: interrupted, or diverged."""
