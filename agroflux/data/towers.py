"""What every reader of measurements shares: units, plausibility, and the step from tables to a contract data set.

A reader returns ``(table, metadata)``: a daily table in house names, units and signs, indexed by day, with ``X_qc``,
``X_unc``, ``X_p25`` and ``X_p75`` columns where known, and a dictionary with at least site_id, source and notes
(house name -> how the values came about).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import __version__, contract, schema
from agroflux.data.report import Report
from agroflux.errors import DataError

SECONDS = 86_400.0
#: 1 umol CO2 m-2 s-1 over a day [g C m-2 d-1]: 1e-6 mol x 12.011 g mol-1 x 86,400 s = 1.0377504.
GC_PER_UMOL = 1e-6 * 12.011 * SECONDS
#: 1 W m-2 over a day [MJ m-2 d-1].
MJ_PER_WATT = 1e-6 * SECONDS
#: Share of a variable's values outside its plausible range up to which they are left out one by one; above it the
#: unit or sign of the whole column is wrong.
FEW = 0.01

#: Values of sites x days x variables, 8 bytes each, that are laid out: in all, and for each value that was measured
#: once there are more than the first few. Sites far apart in time are nearly all gaps.
MAX_CUBE = 2_000_000_000
MAX_GAPS = 50
SMALL_CUBE = 100_000_000

Reading = tuple[pd.DataFrame, dict[str, Any]]


def as_dataset(readings: Sequence[Reading], *, attrs: Mapping[str, Any], history: str) -> xr.Dataset:
    """Join readings of several sites into an observation data set (site, time) on the standard calendar.

    Each reading's metadata must hold site_id, lat, lon [degrees], site_name and state; ``attrs`` gives title,
    source, licence, citation and synthetic. Days outside a site's own record are NaN.
    Raises ContractError where the result breaks the contract, DataError for a site that comes twice and for sites so
    far apart in time that they cannot be laid out together (:func:`check_span`).
    """
    tables = [table for table, _ in readings]
    sites = [meta for _, meta in readings]
    names_given = [str(m["site_id"]) for m in sites]
    twice = next((s for s in names_given if names_given.count(s) > 1), None)
    if twice is not None:
        raise DataError(f"site {twice} comes from two files: give one file a site, or rename one with --site")
    first, last = min(t.index[0] for t in tables), max(t.index[-1] for t in tables)
    names = contract.names_in_order({str(n) for t in tables for n in t.columns})
    check_span(len(tables), first, last, len(names), sum(int(t.count().sum()) for t in tables))
    days = pd.date_range(first, last, freq="D", name="time")
    ds = xr.Dataset(
        {name: _variable(name, tables, sites, days) for name in names},
        coords={
            "site": names_given,
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


def check_span(sites: int, first: pd.Timestamp, last: pd.Timestamp, variables: int, held: int) -> None:
    """DataError where ``sites`` from ``first`` to ``last`` [days] make a table that no memory holds; from counts alone.

    ``held``: values that were measured, of all sites and variables together.
    """
    size = 8 * sites * ((last - first).days + 1) * variables
    if size > min(MAX_CUBE, max(SMALL_CUBE, 8 * MAX_GAPS * held)):
        raise DataError(
            f"{sites:,} sites from {first:%Y-%m-%d} to {last:%Y-%m-%d} with {held:,} values would take "
            f"{size / 1e9:.1f} GB: correct the dates, or split the file by years or sites"
        )


def _variable(
    name: str, tables: Sequence[pd.DataFrame], sites: Sequence[Mapping[str, Any]], days: pd.DatetimeIndex
) -> xr.Variable:
    rows = [t[name].reindex(days).to_numpy() if name in t.columns else np.full(len(days), np.nan) for t in tables]
    known = schema.get(contract.base_name(name))
    attrs: dict[str, Any] = {"units": contract.unit_of(name), "long_name": _long_name(name)}
    notes = {m["site_id"]: m["notes"][name] for m in sites if name in m.get("notes", {})}
    derived = [m["site_id"] for m in sites if name in m.get("derived", ())]
    if notes:
        attrs["comment"] = "; ".join(f"{site}: {text}" for site, text in notes.items())
    if derived:
        attrs["derived"] = ", ".join(derived)
    values = np.stack(rows).astype("float32")
    if known.per == "site":
        first = [row[np.isfinite(row)][0] if np.isfinite(row).any() else np.nan for row in values]
        return xr.Variable(("site",), np.array(first, "float32"), attrs)
    return xr.Variable(("site", "time"), values, attrs)


_COMPANION = {
    "_qc": "Share of measured half-hours behind {}",
    "_unc": "Random uncertainty (one standard deviation) of {}",
    "_p25": "25th percentile over ways of processing of {}",
    "_p75": "75th percentile over ways of processing of {}",
}


def _long_name(name: str) -> str:
    base = contract.base_name(name)
    return _COMPANION.get(name.removeprefix(base), "{}").format(schema.get(base).label)


def plausible(table: pd.DataFrame, report: Report, file: str) -> pd.DataFrame:
    """``table`` without values outside the plausible range of their variable.

    A few are set to NaN with a warning that names the first day; a column of which more than one in a hundred lies
    outside is an error in ``report``: its unit or sign is not what the format says.
    """
    out = table.copy()
    for name in map(str, table.columns):
        low, high = contract.limits(name)
        if name.endswith("_qc"):
            out[name] = table[name].clip(0, 1)
            continue
        wrong = (table[name] < low) | (table[name] > high)
        count = int(wrong.sum())
        if not count:
            continue
        day = wrong.idxmax()
        what = f"{count} of {int(table[name].notna().sum()):,} values lie outside {low:g} to {high:g} "
        what += f"{contract.unit_of(name)}, the first on {day:%Y-%m-%d} ({table.at[day, name]:.4g})"
        if count > max(1, FEW * table[name].notna().sum()):
            report.add("error", file, what, "check the unit and the sign of the column", column=name)
        else:
            report.add("warning", file, what + "; they are left out", column=name)
        out[name] = table[name].where(~wrong)
    return out


def without_empty_ends(table: pd.DataFrame, what: str) -> pd.DataFrame:
    """The table from its first to its last day that holds a value; DataError if none does."""
    held = np.flatnonzero(table.notna().any(axis=1).to_numpy())
    if not len(held):
        raise DataError(f"{what} holds no usable day: check that it is the daily or half-hourly product")
    return table.iloc[held[0] : held[-1] + 1]
