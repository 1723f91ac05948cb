"""Data sets on disk: Zarr in a folder or in one zip file, opened lazily.

A bundle is a single file ``name.zarr.zip`` whose values are whole multiples of a stated quantum, stored
as small integers: differences in time, then LZMA. What is not rounded is stored as it is, with a fast
codec. Zarr format 2 is written because its filters are standard there and a single ``.zmetadata``
makes opening one read.
"""

import contextlib
import errno
import json
import lzma
import math
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numcodecs import LZMA, Blosc, Delta

from agroflux import contract
from agroflux.data import hdf5_enclosed, zarr_enclosed
from agroflux.data.rounding import balanced
from agroflux.errors import DataError

#: Values in one chunk: about 8 ms to decode, so that one site's series of a variable is one or two reads.
CHUNK_VALUES = 120_000
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed time in the archive: equal data give equal bytes
_AGAIN = "write it again, or take a fresh copy"
#: What was half written is removed again and again: pause between tries, time it must have been gone, most in all [s].
_PAUSE_S, _STILL_S, _PATIENCE_S = 0.05, 0.3, 2.0


# -- reading ------------------------------------------------------------------------------------------
def open_store(path: str | os.PathLike[str], *, check: bool = True, most: float = math.inf) -> xr.Dataset:
    """Open a data set lazily from ``.zarr.zip``, a ``.zarr`` folder, or NetCDF (``.nc``).

    The zip's checksums are verified once a process and file version; the contract is checked
    on metadata and coordinates alone (``check=False`` leaves that out). Nothing else is read, and nothing at all
    before it is known that the file holds its own values. ``most``: what the values of a NetCDF may take [bytes].

    Raises
    ------
    DataError
        the file is missing, damaged, or no Zarr store, holds values in another file, or opens into more than is read;
        ContractError (a DataError) if it breaks the contract.
    """
    where = Path(path)
    if not where.exists():
        raise DataError(f"no data set at {where}: check the path, or see `agroflux data list`")
    try:
        ds = _open(where, most)
    except DataError:
        raise
    except Exception as error:  # zarr, numcodecs and h5netcdf raise many kinds on damaged bytes
        raise DataError(f"{where} cannot be read ({_brief(error)}): {_AGAIN}") from error
    return _checked(ds, where) if check else ds


def _checked(ds: xr.Dataset, where: Path) -> xr.Dataset:
    try:
        return contract.validate(ds, name=str(where))
    except DataError:
        raise
    except Exception as error:  # a file may be odd in ways of which the contract's checks know nothing
        raise DataError(
            f"{where} cannot be checked against the contract ({_brief(error)}): "
            "write it like a data set of `agroflux data list`"
        ) from error


def load(ds: xr.Dataset) -> xr.Dataset:
    """Read all values of ``ds`` into memory; damaged chunks become a DataError."""
    try:
        return ds.load()
    except Exception as error:
        source = ds.encoding.get("source", ds.attrs.get("title", "the data set"))
        raise DataError(f"{source} holds damaged values ({_brief(error)}): {_AGAIN}") from error


def _open(where: Path, most: float) -> xr.Dataset:
    if where.is_file() and where.suffix.lower() == ".nc":
        with where.open("rb") as file:
            if file.read(3) == b"CDF":
                raise DataError(f"{where} is NetCDF of version 3: save it as NetCDF-4 (nccopy -k nc4 OLD NEW)")
        hdf5_enclosed.check(where, most)
        ds = xr.open_dataset(where, engine="h5netcdf")
        if ds.attrs.get("synthetic") in (0, 1):  # NetCDF knows no true and false
            ds.attrs["synthetic"] = bool(ds.attrs["synthetic"])
    elif where.is_file():
        stat = where.stat()
        consolidated = _consolidated(_sound_zip(where, stat.st_size, stat.st_mtime_ns), where)
        store = zarr.storage.ZipStore(where, mode="r")
        zarr_enclosed.check_arrays(where.name, store, consolidated=consolidated)
        ds = xr.open_zarr(store, consolidated=consolidated, chunks=None)
    else:
        consolidated = _consolidated(frozenset(p.name for p in where.iterdir()), where)
        zarr_enclosed.check_folder(where)
        zarr_enclosed.check_arrays(where.name, where, consolidated=consolidated)
        ds = xr.open_zarr(where, consolidated=consolidated, chunks=None)
    coords = ds.coords  # a selection of variables drops coordinates that none of them uses, such as crop by year
    ds = ds[contract.names_in_order(map(str, ds.data_vars))].assign_coords(coords)
    ds.encoding["source"] = str(where)
    return ds


@lru_cache(maxsize=64)
def _sound_zip(where: Path, size: int, mtime_ns: int) -> frozenset[str]:
    """Names in the archive, once every checksum has been compared (about 20 ms for 13 MB)."""
    try:
        with zipfile.ZipFile(where) as archive:
            zarr_enclosed.check_entries(where.name, archive.infolist(), size)
            broken = archive.testzip()
            if broken is not None:
                raise DataError(f"{where} is damaged (checksum of {broken!r}): {_AGAIN}")
            return frozenset(archive.namelist())
    except zipfile.BadZipFile as error:
        raise DataError(f"{where} is no complete zip file ({error}; {size} bytes): {_AGAIN}") from error


def _consolidated(names: frozenset[str], where: Path) -> bool:
    if ".zmetadata" in names:
        return True
    if names & {".zgroup", "zarr.json"}:
        return False
    raise DataError(f"{where} is not a Zarr store (no .zmetadata, .zgroup or zarr.json in it): give a .zarr data set")


def _brief(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:120]}" if text else type(error).__name__


# -- writing ------------------------------------------------------------------------------------------
def write_store(ds: xr.Dataset, path: str | os.PathLike[str], *, quanta: Mapping[str, float] | None = None) -> Path:
    """Write ``ds`` to ``path``: one zip file if the name ends in ``.zip``, else a Zarr folder.

    ``quanta``: variable -> quantum [unit of the variable]; its values become whole multiples of it
    (see :mod:`agroflux.data.rounding`), NaN stays NaN. Written beside ``path``, flushed to disk and
    then renamed: a reader sees the old data set or the new one, never half of one.

    Raises
    ------
    DataError
        the folder cannot be written; ContractError if ``ds`` breaks the contract.
    """
    target = Path(path)
    contract.validate(ds, name=str(target))
    ready = balanced(_clean(ds), quanta or {})
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _beside(target) as work:
            folder = work / "store.zarr"
            ready.to_zarr(folder, mode="w", zarr_format=2, consolidated=True, encoding=_encoding(ready, quanta or {}))
            made = _pack(folder, work / "store.zip") if target.suffix == ".zip" else folder
            _flush(made)
            _swap(made, target, work)
    except OSError as error:
        raise DataError(f"cannot write {target} ({_brief(error)}): check space and permissions") from error
    return target


def _clean(ds: xr.Dataset) -> xr.Dataset:
    """Without leftovers of an earlier encoding, and with text as fixed-width unicode."""
    out = ds.drop_encoding()
    for name, array in out.variables.items():
        if array.dtype.kind in "OT":
            text = out[name].astype(str)
            out = out.assign_coords({name: text.astype(f"U{max(1, text.str.len().max().item())}")})
    for key, data in ds.data_vars.items():
        if data.chunks is not None:  # a lazy result is written in the pieces of the file
            out[key] = out[key].chunk(dict(zip(data.dims, _chunks(data), strict=True)))
    return out


def _encoding(ds: xr.Dataset, quanta: Mapping[str, float]) -> dict[Any, dict[str, Any]]:
    return {
        name: {"chunks": _chunks(array)} | (_packed(array, quanta[str(name)]) if str(name) in quanta else _plain())
        for name, array in ds.data_vars.items()
    } | {"time": {"units": "days since 1970-01-01", "dtype": "int32"}}


def _chunks(array: xr.DataArray) -> tuple[int, ...]:
    """Whole series of all scenarios, and as many sites as make about CHUNK_VALUES values."""
    rest = int(np.prod([n for d, n in array.sizes.items() if d != "site"]))
    sites = max(1, round(CHUNK_VALUES / max(1, rest)))
    return tuple(min(n, sites) if d == "site" else n for d, n in array.sizes.items())


def _packed(array: xr.DataArray, quantum: float) -> dict[str, Any]:
    largest = float(np.abs(array).max().fillna(0)) / quantum + 2
    bits = 16 if largest < 2**15 - 1 else 32
    if largest >= 2**31 - 1:
        raise DataError(f"{array.name}: a quantum of {quantum:g} is too small for values near {largest * quantum:.4g}")
    kind = f"<i{bits // 8}"
    # Raw LZMA with the literal context aligned to the integer's width; 15 % smaller than byte-shuffled zstd.
    shape = {"lp": 1, "pb": 1, "lc": 3} if bits == 16 else {"lp": 2, "pb": 2, "lc": 2}
    squeeze = [{"id": lzma.FILTER_LZMA2, "preset": 6, **shape}]
    return {
        "dtype": kind,
        "scale_factor": quantum,
        "_FillValue": -(2 ** (bits - 1)),
        "filters": [Delta(kind)],
        "compressors": LZMA(format=lzma.FORMAT_RAW, filters=squeeze),
    }


def _plain() -> dict[str, Any]:
    return {"compressors": Blosc("zstd", 5, Blosc.SHUFFLE)}


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """An own folder next to ``target`` (same disk, so that renaming is atomic), removed at the end."""
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield work
    except BaseException:
        _remove(work, quiet=_STILL_S)
        raise
    _remove(work)


def _remove(work: Path, quiet: float = 0.0) -> None:
    """Remove ``work``, again if need be, until it has been gone for ``quiet`` [s]: when the writing was broken off,
    Zarr's threads go on for a while and make their folders anew.
    """
    shutil.rmtree(work, ignore_errors=True)
    gone, end = 0.0, time.monotonic() + _PATIENCE_S
    while gone < quiet and time.monotonic() < end:
        time.sleep(_PAUSE_S)
        gone = 0.0 if work.exists() else gone + _PAUSE_S
        shutil.rmtree(work, ignore_errors=True)


def _pack(folder: Path, file: Path) -> Path:
    """The folder as one zip file, uncompressed (the chunks already are), metadata first."""
    members = sorted((p for p in folder.rglob("*") if p.is_file()), key=lambda p: (not p.name.startswith(".z"), str(p)))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            entry = zipfile.ZipInfo(member.relative_to(folder).as_posix(), _ZIP_EPOCH)
            entry.external_attr = 0o644 << 16
            content = member.read_bytes()
            if member.name.startswith(".z"):
                content = json.dumps(json.loads(content), separators=(",", ":"), sort_keys=True).encode()
                entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return file


def _flush(made: Path) -> None:
    for file in [made] if made.is_file() else [p for p in made.rglob("*") if p.is_file()]:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())


def _swap(made: Path, target: Path, work: Path) -> None:
    """Put ``made`` in the place of ``target``; an older folder there is moved aside first."""
    for attempt in range(100):
        try:
            made.replace(target)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR, errno.ENOTDIR):
                raise
            with contextlib.suppress(FileNotFoundError):  # another writer moved it first
                target.replace(work / f"old-{attempt}")
    raise OSError(errno.EBUSY, f"other writers keep replacing {target}")
