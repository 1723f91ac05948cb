"""What every eddy-covariance reader shares: units, and the step from tables to a contract data set.

A reader returns ``(table, metadata)``: a daily table in house names, units and signs, indexed by day, with ``X_qc``
columns, and a dictionary with at least site_id, source and notes (house name -> how the values came about).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import __version__, contract, schema
from agroflux.errors import DataError

SECONDS = 86_400.0
#: 1 umol CO2 m-2 s-1 over a day [g C m-2 d-1]: 1e-6 mol x 12.011 g mol-1 x 86,400 s = 1.0377504.
GC_PER_UMOL = 1e-6 * 12.011 * SECONDS
#: 1 W m-2 over a day [MJ m-2 d-1].
MJ_PER_WATT = 1e-6 * SECONDS
MISSING = -9999.0

Reading = tuple[pd.DataFrame, dict[str, Any]]


def as_dataset(readings: Sequence[Reading], *, attrs: Mapping[str, Any], history: str) -> xr.Dataset:
    """Join readings of several sites into an observation data set (site, time) on the standard calendar.

    Each reading's metadata must hold site_id, lat, lon [degrees], site_name and state; ``attrs`` gives title,
    source, licence, citation and synthetic. Days outside a site's own record are NaN.
    Raises ContractError where the result breaks the contract.
    """
    tables = [table for table, _ in readings]
    sites = [meta for _, meta in readings]
    first, last = min(t.index[0] for t in tables), max(t.index[-1] for t in tables)
    days = pd.date_range(first, last, freq="D", name="time")
    ordered = [n for v in schema.VARIABLES for n in (v, f"{v}_qc")]
    names = [n for n in ordered if any(n in t.columns for t in tables)]
    ds = xr.Dataset(
        {name: _variable(name, tables, sites, days) for name in names},
        coords={
            "site": [m["site_id"] for m in sites],
            "time": days,
            "lat": ("site", [float(m["lat"]) for m in sites], {"units": "degrees_north"}),
            "lon": ("site", [float(m["lon"]) for m in sites], {"units": "degrees_east"}),
            "site_name": ("site", [m["site_name"] for m in sites]),
            "state": ("site", [m["state"] for m in sites]),
        },
        attrs={
            "kind": "observation",
            "calendar": "standard",
            "software": f"agroflux {__version__}",
            "history": history,
            **attrs,
        },
    )
    return contract.validate(ds, name=str(attrs.get("title", "towers")), values=True)


def _variable(
    name: str, tables: Sequence[pd.DataFrame], sites: Sequence[Mapping[str, Any]], days: pd.DatetimeIndex
) -> xr.Variable:
    base = name.removesuffix("_qc")
    known = schema.get(base)
    rows = [t[name].reindex(days).to_numpy() if name in t.columns else np.full(len(days), np.nan) for t in tables]
    attrs: dict[str, Any] = (
        {"units": known.unit, "long_name": known.label}
        if name == base
        else {"units": "1", "long_name": f"Share of measured half-hours behind {known.label}"}
    )
    notes = {m["site_id"]: m["notes"][name] for m in sites if name in m.get("notes", {})}
    derived = [m["site_id"] for m in sites if name in m.get("derived", ())]
    if notes:
        attrs["comment"] = "; ".join(f"{site}: {text}" for site, text in notes.items())
    if derived:
        attrs["derived"] = ", ".join(derived)
    return xr.Variable(("site", "time"), np.stack(rows).astype("float32"), attrs)


def without_empty_ends(table: pd.DataFrame, what: str) -> pd.DataFrame:
    """The table from its first to its last day that holds a value; DataError if none does."""
    held = np.flatnonzero(table.notna().any(axis=1).to_numpy())
    if not len(held):
        raise DataError(f"{what} holds no usable day: check that it is the daily or half-hourly product")
    return table.iloc[held[0] : held[-1] + 1]
