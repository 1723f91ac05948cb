"""Data sets that keep the contract already, as NetCDF: checked in full and taken as they are."""

from pathlib import Path

import xarray as xr

from agroflux import contract
from agroflux.data.archives import MAX_FILE
from agroflux.data.store import load, open_store
from agroflux.errors import DataError


def read(path: str | Path) -> xr.Dataset:
    """Open a NetCDF file of the contract and read it; DataError, or ContractError naming every breach."""
    where = Path(path)
    if where.suffix.lower() != ".nc" or not where.is_file():
        raise DataError(f"{where.name} is no NetCDF file (.nc): give a file such as `agroflux predict` writes")
    if where.stat().st_size > MAX_FILE:
        raise DataError(f"{where.name} is larger than the {MAX_FILE / 1e9:g} GB that are read")
    ds = load(open_store(where))
    ds.close()
    return contract.validate(ds, name=where.name, values=True)
