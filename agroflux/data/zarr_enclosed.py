"""Whether a Zarr store made by others keeps to its own folder or zip, and opens into what memory can hold."""

import os
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import zarr

from agroflux.data.archives import MAX_RATIO, SMALL
from agroflux.data.array_limits import array_bytes
from agroflux.errors import DataError


def check_entries(file: str, entries: Sequence[zipfile.ZipInfo], packed: int) -> None:
    """DataError for entries of a zip of ``packed`` [bytes] that point outside it, are links or unpack into too much."""
    for entry in entries:
        raw = entry.orig_filename
        if raw.startswith("/") or "\\" in raw or ".." in PurePosixPath(raw).parts:
            raise DataError(f"{file} holds the entry {raw[:80]!r}, which points outside the archive: it is refused")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DataError(f"{file} holds the link {raw[:80]!r}: pack the file itself")
    total = sum(entry.file_size for entry in entries)
    if total > max(SMALL, MAX_RATIO * packed):
        raise DataError(
            f"{file} unpacks to {total / max(1, packed):,.0f} times its size, which no data set does: "
            "it is refused as a zip bomb; give the unpacked folder if it is sound"
        )


def check_folder(where: Path) -> None:
    """DataError for a link that leads out of the folder ``where``, and for what is neither file nor folder in it."""
    home = where.resolve()
    for folder, names, files in os.walk(where):
        for name in (*names, *files):
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode) and not path.resolve().is_relative_to(home):
                raise DataError(f"{where.name}: {name[:80]} is a link to another place: copy the file itself there")
            if not stat.S_ISLNK(mode) and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise DataError(f"{where.name}: {name[:80]} is neither a file nor a folder: delete it")


def check_arrays(file: str, store: Any, *, consolidated: bool) -> None:
    """DataError for an array of the store that opens into too much; from its metadata alone."""
    group = zarr.open_group(store, mode="r", use_consolidated=consolidated)
    for name, array in group.arrays():
        chunks = getattr(array, "shards", None) or array.chunks
        array_bytes(file, name, array.shape, chunks, max(8, array.dtype.itemsize))
