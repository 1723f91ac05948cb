"""What stays of a data set whose place another takes: its management table, which no file to import may hold again."""

from collections.abc import Iterable, Sequence

import pandas as pd
import xarray as xr

from agroflux.data import catalog, management, management_table
from agroflux.data.management import Season
from agroflux.data.report import Report
from agroflux.errors import AgroFluxError, DataError

#: What findings on it are about, in place of a file.
TABLE = "management table"


def table(data_id: str, report: Report) -> list[Season]:
    """Rows of the user's data set ``data_id``; none where there is no such data set, or where they cannot be read."""
    try:
        entry = catalog.get(data_id)
    except DataError:
        return []
    try:
        return management_table.of(catalog.open_dataset(entry.id))
    except AgroFluxError as error:
        report.add("warning", TABLE, f"that of the data set replaced cannot be read and is left out ({error})")
        return []


def fitting(rows: Sequence[Season], ds: xr.Dataset, report: Report) -> list[Season]:
    """Those of ``rows`` whose site ``ds`` holds; ``report`` names the others, and those that lie outside its days.

    The latter stay: they feed no day, and are there again when a longer record is imported.
    """
    sites = {str(site) for site in ds["site"].to_numpy()}
    days = pd.DatetimeIndex(ds["time"].to_numpy())
    first, last = days[0].date(), days[-1].date()
    kept = [row for row in rows if row.site in sites]
    outside = [row for row in kept if row.span()[1] < first or row.span()[0] > last]
    if len(kept) < len(rows):
        left_out(
            [row for row in rows if row.site not in sites], f"the data hold {', '.join(sorted(sites)[:5])}", report
        )
    if outside:
        what = f"{named(outside)} of the data set replaced: no day of the new one, {first} to {last}; kept all the same"
        report.add("warning", TABLE, what)
    if kept:
        report.add("note", TABLE, f"rows kept of the data set replaced: {len(kept)}")
    return kept


def into(ds: xr.Dataset, rows: Sequence[Season], report: Report) -> xr.Dataset:
    """``ds`` with ``rows`` of the data set that it replaces; ``report`` says where they are left out, and why.

    That is where ``ds`` is a simulation, or tells planting, crop or nitrogen itself.
    """
    if not rows:
        return ds
    told = any(name in ds and bool(ds[name].notnull().any()) for name in management.DRIVERS)
    if ds.attrs["kind"] != "observation":
        left_out(rows, "the new one is a simulation", report)
    elif told or ds.attrs.get(management.ATTRIBUTE, "[]") != "[]":
        left_out(rows, "the new one tells planting, crop or nitrogen itself", report)
    else:
        return management.apply(ds, fitting(rows, ds, report))
    return ds


def left_out(rows: Sequence[Season], why: str, report: Report) -> None:
    """Say of ``rows`` of the data set replaced that they are left out; nothing where there are none."""
    if rows:
        report.add("warning", TABLE, f"{named(rows)} of the data set replaced left out: {why}")


def named(rows: Iterable[Season]) -> str:
    """Site, year and crop of each row."""
    return ", ".join(f"{row.site} {row.year}" + (f" ({row.crop})" if row.crop else "") for row in rows)
