"""Writing arrays so that a full disk is an error and never a shorter file.

``np.save`` and ``faiss.write_index`` write through a C stream and ignore what closing it reports: on a disk
that fills up with their last few kilobytes they return normally and leave the file short. Here every byte
goes through a Python file, which raises.
"""

import os
from pathlib import Path
from typing import Any, BinaryIO

import faiss as untyped_faiss
import numpy as np
from numpy.typing import NDArray

faiss: Any = untyped_faiss
"""Its stubs lack the writer that is used here."""

_FAISS_AT_ONCE = 1 << 20
"""Bytes handed from FAISS to Python at a time."""


def save_array(path: Path, array: NDArray[np.generic]) -> None:
    """Write ``array`` as ``.npy``; raises ``OSError`` if any byte of it did not reach the file."""
    with path.open("wb") as file:
        np.lib.format.write_array(_WriteOnly(file), np.asanyarray(array), allow_pickle=False)


def save_faiss(path: Path, index: Any) -> None:
    """Write a FAISS index; raises ``OSError`` if any byte of it did not reach the file."""
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write, _FAISS_AT_ONCE))


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's entries, would survive a power cut (fsync(2))."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(descriptor)


class _WriteOnly:
    """Hides that it is a file: numpy then writes through :meth:`write`, not through a C stream."""

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write
