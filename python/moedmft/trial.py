"""Files without a checksum are read by another process first: HDF5 does not survive every damaged file, and what it does not survive there ends here
with one line (as src/file/trial.c does for the program)."""

from __future__ import annotations

import os
import subprocess
import sys

from .errors import FileError

SECONDS = 60.0  # and one more for each megabyte

# Everything in the file, in pieces of 64 MB; what HDF5 reports as an error is reported again where it is asked for. Of a dataset whose extent is beyond
# what its bytes can hold (deflate makes a byte of 1032 at most), the chunks that are there: all else is one value, however many of it are promised.
_READ = """
import sys
import h5py

def piece(data, where):
    try:
        data[where]
    except Exception:
        pass

def read(name, object):
    for key in list(object.attrs):
        try:
            object.attrs[key]
        except Exception:
            pass
    if not isinstance(object, h5py.Dataset) or not object.shape:
        return
    if object.chunks and object.size * object.dtype.itemsize > 2000 * object.id.get_storage_size():
        for i in range(object.id.get_num_chunks()):
            at = object.id.get_chunk_info(i).chunk_offset
            piece(object, tuple(slice(a, a + n) for a, n in zip(at, object.chunks)))
    else:
        row = max(1, object.size // max(1, object.shape[0]) * object.dtype.itemsize)
        step = max(1, (64 << 20) // row)
        for start in range(0, object.shape[0], step):
            piece(object, slice(start, start + step))

try:
    with h5py.File(sys.argv[1], "r") as file:
        read("/", file)
        file.visititems(read)
except Exception:
    pass
"""


def check(path: str) -> None:
    """Lets another process read the whole file.

    FileError: it crashed or did not come to an end. Where no interpreter can be started, as in programs that contain one, nothing is checked.
    """
    if not sys.executable:
        return
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p), PYTHONSAFEPATH="1")
    limit = SECONDS + os.path.getsize(path) / 1e6
    try:
        done = subprocess.run([sys.executable, "-c", _READ, os.path.abspath(path)], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        raise FileError(f"{path}: is damaged: HDF5 did not come to an end with it") from None
    except OSError:
        return
    if done.returncode:
        raise FileError(f"{path}: is damaged: HDF5 crashes on it")
