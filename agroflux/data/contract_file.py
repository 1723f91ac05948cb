"""Data sets that keep the contract already, as NetCDF: checked in full and taken as they are."""

from pathlib import Path

import xarray as xr

from agroflux import contract
from agroflux.data.archives import MAX_FILE, unreadable
from agroflux.data.array_limits import within
from agroflux.data.store import load, open_store
from agroflux.errors import DataError


def read(path: str | Path) -> xr.Dataset:
    """Open a NetCDF file of the contract and read it; DataError, or ContractError naming every breach."""
    where = Path(path)
    try:
        there = where.exists()
        size = where.stat().st_size if where.is_file() else None
    except OSError as error:
        raise unreadable(where.name, error) from error
    if not there:
        raise DataError(f"no file at {where}: check the path")
    if where.suffix.lower() != ".nc" or size is None:
        raise DataError(f"{where.name} is no NetCDF file (.nc): give a data set that keeps the contract")
    if size > MAX_FILE:
        raise DataError(f"{where.name} is larger than the {MAX_FILE / 1e9:g} GB that are read")
    lazy = open_store(where, most=MAX_FILE)  # a small file can declare what no memory holds
    within(where.name, lazy.nbytes, MAX_FILE)  # decoded, values may be wider than in the file
    ds = load(lazy)
    ds.close()
    return contract.validate(ds, name=where.name, values=True)
