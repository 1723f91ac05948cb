"""Whether an HDF5 file (NetCDF-4) made by others holds its own values, and no more of them than memory can.

HDF5 can say that a variable lies in another file, any that this machine can read: opening it would bring that file
into the data set, and wait forever on a pipe. All is told from names, kinds and shapes; no value is read before that.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from agroflux.data.archives import MAX_FILE
from agroflux.data.array_limits import array_bytes, within
from agroflux.errors import DataError

#: Names in a file, and groups within groups: a data set of the contract holds some hundred names in one group.
MAX_NAMES = 2_000
MAX_DEPTH = 8
_WORD = 8  # bytes in memory of a day or a number, however short it is in the file
_TEXT = 64  # bytes in memory of a text beside its letters
_PIECE = 64_000_000  # bytes of text that are measured at a time
_FEW = 16  # texts
_REMEDY = "write all values into the file itself"


def check(where: Path, most: float = math.inf) -> None:
    """Check the HDF5 file ``where`` before anything opens it; ``most``: what all its values may take [bytes].

    Raises
    ------
    DataError
        a variable whose values lie elsewhere (external storage, virtual data set, link), a group that holds itself,
        records, more names or values than are read; OSError for what is no HDF5.
    """
    total, texts = 0.0, []
    with h5py.File(where, "r") as file:
        for path, found in _variables(where.name, file):
            varying = h5py.check_vlen_dtype(found.dtype) or h5py.check_string_dtype(found.dtype)
            width = _TEXT if varying else max(_WORD, found.dtype.itemsize)
            total += array_bytes(where.name, path, found.shape or (), found.chunks, width)
            texts += [found] if varying else []
        within(where.name, total, most)
        size = where.stat().st_size
        for found in texts:
            total += _letters(found, size)
            within(where.name, total, min(most, MAX_FILE))


def _variables(file: str, root: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    """Path and data set of everything below ``root``, by each of its names; DataError for what leads elsewhere."""
    seen, count, waiting = {_address(root)}, 0, [(root, 1)]
    while waiting:
        group, depth = waiting.pop()
        for name in group:
            count += 1
            path = f"{group.name}/{name}".lstrip("/")
            if count > MAX_NAMES or depth > MAX_DEPTH:
                limits = f"more than {MAX_NAMES:,} names, or groups more than {MAX_DEPTH} deep"
                raise DataError(f"{file} holds {limits}: give a data set that keeps the contract")
            _no_link(file, path, group, name)
            found = group[name]
            if isinstance(found, h5py.Dataset):
                _own_values(file, path, found)
                yield path, found
            elif isinstance(found, h5py.Group):
                if _address(found) in seen:
                    raise DataError(f"{file}: group {path} is held twice, or holds itself: write each group once")
                seen.add(_address(found))
                waiting.append((found, depth + 1))


def _no_link(file: str, path: str, group: h5py.Group, name: str) -> None:
    try:
        link = group.get(name, getlink=True)
    except TypeError:  # a kind of link that a program made for itself
        link = None
    if not isinstance(link, h5py.HardLink):
        kind = "external link" if isinstance(link, h5py.ExternalLink) else "link"
        raise DataError(f"{file}: {path} holds values in another file or place ({kind}): {_REMEDY}")


def _own_values(file: str, path: str, found: h5py.Dataset) -> None:
    kind = "virtual data set" if found.is_virtual else "external storage" if found.external else ""
    if kind:
        raise DataError(f"{file}: {path} holds values in another file ({kind}): {_REMEDY}")
    if found.dtype.kind == "V":
        raise DataError(f"{file}: {path} holds records: write numbers or text, one variable each")


def _address(group: h5py.Group) -> int:
    return int(h5py.h5o.get_info(group.id).addr)


def _letters(found: h5py.Dataset, size: int) -> float:
    """Bytes of a variable's texts in a file of ``size`` [bytes], counted until they are more than is read.

    None is longer than the file, yet all may be the same long one, which no shape tells.
    """
    if not found.size or found.size <= _FEW or found.size * size <= _PIECE:
        return 0.0
    step, total = max(_FEW, _PIECE // size), 0.0
    for row in np.ndindex(found.shape[:-1]):
        for start in range(0, found.shape[-1], step):
            piece = found[(*row, slice(start, start + step))]
            total += sum(getattr(text, "nbytes", 0) or len(text) for text in piece)
            if total > MAX_FILE:
                return total
    return total
