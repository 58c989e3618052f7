"""The checksum at the end of a file (docs/output.md, Checksum), verified before HDF5 parses any of it."""

from __future__ import annotations

import os
import zlib

from .errors import FileError

SIZE = 64  # bytes, behind what HDF5 reads
MARK = b"\nmoedmft seal: "
BLOCK = 1 << 20
ADVICE = "take a copy of it, or compute it anew"


def seal(length: int, crc: int) -> bytes:
    """The line that follows ``length`` bytes whose CRC-32 is ``crc``."""
    return MARK + b"%025d bytes, CRC-32 %08x\n" % (length, crc)


def check(path: str) -> bool:
    """True where the checksum of a file is right, False where it has none: another program has changed it.

    FileError: the file is damaged.
    """
    length = os.path.getsize(path) - SIZE
    if length < 0:
        return False
    with open(path, "rb") as file:
        file.seek(length)
        found = file.read(SIZE)
        if not found.startswith(MARK):
            if MARK in found:
                raise FileError(f"{path}: is damaged: it ends too early; {ADVICE}")
            return False
        file.seek(0)
        crc, left = 0, length
        while left > 0 and (block := file.read(min(BLOCK, left))):
            crc, left = zlib.crc32(block, crc), left - len(block)
    if found != seal(length, crc):
        raise FileError(f"{path}: is damaged: its content does not match its checksum; {ADVICE}")
    return True
