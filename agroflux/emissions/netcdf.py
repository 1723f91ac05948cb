"""An answer as NetCDF after the CF conventions 1.11: one point a county, values and ends of their intervals."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import __version__
from agroflux.emissions import export, notes
from agroflux.emissions.assess import Assessment
from agroflux.emissions.totals import COLUMNS

CONVENTIONS = "CF-1.11"
#: Units of the tables -> units that UDUNITS knows; what is counted stands in the long name.
_UNITS = {"t": "t yr-1", "kg N2O-N ha-1 yr-1": "kg ha-1 yr-1", "t C ha-1 yr-1": "t ha-1 yr-1", "ha": "ha"}
_DIMENSIONLESS = ("kg N2O-N (kg N)-1",)


def to_netcdf(answer: Assessment, places: pd.DataFrame, sources: Sequence[str] = (), *, synthetic: bool) -> bytes:
    """County totals as a NetCDF-4 file.

    ``places``: ``lat_deg``, ``lon_deg`` by FIPS (:func:`agroflux.geo.county_facts`); ``sources``: citations;
    ``synthetic``: whether anything behind the figures is.
    """
    return bytes(dataset(answer, places, sources, synthetic=synthetic).to_netcdf(engine="h5netcdf"))


def dataset(answer: Assessment, places: pd.DataFrame, sources: Sequence[str] = (), *, synthetic: bool) -> xr.Dataset:
    """The data set that :func:`to_netcdf` writes, ``(county,)`` and ``(county, level, bound)`` of intervals."""
    table = export.with_intervals(answer, "county").sort_values("fips").reset_index(drop=True)
    at = places.loc[table["fips"]]
    ds = xr.Dataset(
        {
            str(name): ("county", table[name].to_numpy(float), _attrs(str(name)))
            for name in table
            if str(name) in COLUMNS and COLUMNS[str(name)].unit
        }
    )
    for quantity in dict.fromkeys(answer.intervals["quantity"]):
        ends = np.stack(
            [table[[f"{quantity}_low{level}", f"{quantity}_high{level}"]].to_numpy(float) for level in (50, 80, 95)], 1
        )
        attrs = _attrs(quantity) | {"long_name": f"{COLUMNS[quantity].label}, ends of central intervals"}
        ds[f"{quantity}_interval"] = (("county", "level", "bound"), ends, attrs)
    names = [f"{county}, {state}" for county, state in zip(table["county"], table["state"], strict=True)]
    ds = ds.assign_coords(
        fips=("county", table["fips"].to_numpy(str), {"long_name": "county FIPS code", "cf_role": "timeseries_id"}),
        county_name=("county", np.array(names, dtype=str), {"long_name": "county and state"}),
        lat=("county", at["lat_deg"].to_numpy(float), _place("latitude", "degrees_north")),
        lon=("county", at["lon_deg"].to_numpy(float), _place("longitude", "degrees_east")),
        level=("level", np.array([50.0, 80.0, 95.0]), {"long_name": "level of the interval", "units": "percent"}),
        bound=("bound", np.array([0, 1], np.int32), {"long_name": "end of the interval: 0 lower, 1 upper"}),
    )
    ds.attrs = _about(answer, sources, synthetic)
    for variable in ds.variables.values():
        variable.encoding = {} if variable.dtype.kind in "UOi" else {"_FillValue": np.nan}
    for name in ("lat", "lon", "level", "bound", "fips", "county_name"):
        ds[name].encoding = {"_FillValue": None}
    return ds


def _attrs(name: str) -> dict[str, Any]:
    column = COLUMNS[name]
    return {"long_name": column.label, "units": _udunits(column.unit), "comment": f"in {column.unit}"}


def _udunits(unit: str) -> str:
    if unit in _DIMENSIONLESS:
        return "1"
    if unit in _UNITS:
        return _UNITS[unit]
    return "t yr-1" if unit.startswith("t ") and unit.endswith(" yr-1") else "kg t-1"


def _place(name: str, units: str) -> Mapping[str, str]:
    return {"standard_name": name, "long_name": f"{name} of the county", "units": units}


def _about(answer: Assessment, sources: Sequence[str], synthetic: bool) -> dict[str, Any]:
    made = export.provenance(answer.totals, synthetic=synthetic)
    return {
        "Conventions": CONVENTIONS,
        "title": f"Emissions of corn and soybean fields by county, {answer.totals.period}",
        "institution": "AgroFlux Explorer",
        "source": str(made["data"]),
        "history": f"{datetime.now(UTC).isoformat(timespec='seconds')}: agroflux {__version__} emissions",
        "references": "; ".join(sources) or "see the report",
        "comment": " ".join(notes.is_and_is_not(answer)),
        **{name: str(value) for name, value in made.items() if name != "data"},
    }
