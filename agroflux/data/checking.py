"""A report on a user's file before it is imported: what is wrong, in which row and column, and what it would give."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from agroflux.contract import base_name, unit_of
from agroflux.data import formats, management_table
from agroflux.data.archives import members, tables
from agroflux.data.formats import Options
from agroflux.data.report import Report
from agroflux.data.summary import statistics
from agroflux.data.text_table import columns_of, read_table
from agroflux.data.towers import Reading
from agroflux.errors import DataError

#: What a check calls a management table, which is no data set of its own.
MANAGEMENT = "management table"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the format, the findings, and the sites read (empty where the file has errors)."""

    format: str
    report: Report
    readings: list[Reading]
    dataset: xr.Dataset | None = None

    @property
    def ok(self) -> bool:
        """Whether the file can be imported."""
        return not self.report.errors

    def sites(self) -> list[dict[str, Any]]:
        """One row a site: site, first, last (ISO days), days, and variables (name, unit, mean, missing share)."""
        if self.dataset is not None:
            return _contents(self.dataset)
        return [
            {
                "site": str(meta["site_id"]),
                "first": f"{table.index[0]:%Y-%m-%d}",
                "last": f"{table.index[-1]:%Y-%m-%d}",
                "days": len(table),
                "variables": [
                    {
                        "variable": name,
                        "unit": unit_of(name),
                        "mean": float(table[name].mean()),
                        "missing": float(table[name].isna().mean()),
                        "from": meta.get("notes", {}).get(name, ""),
                    }
                    for name in map(str, table.columns)
                    if base_name(name) == name
                ],
            }
            for table, meta in self.readings
        ]


def preview(path: str | Path, rows: int = 8) -> pd.DataFrame:
    """The first rows of the first table in ``path`` as text, indexed by the row in the file; empty for NetCDF."""
    if Path(path).suffix.lower() == ".nc":
        return pd.DataFrame()
    given = tables(path)
    names = columns_of(given[0], Report())
    return read_table(given[0], Report(), text=names, rows=rows).rename_axis("row")


def is_management(path: str | Path) -> bool:
    """Whether ``path`` is a management table, which is no data set of its own.

    Measurements may be told by site, year and crop too: with columns of others, what a format recognises is its.
    """
    given = members(path) if Path(path).suffix.lower() in (".csv", ".txt", ".xlsx") else []
    try:
        names = columns_of(given[0], Report()) if len(given) == 1 else []
    except DataError:  # a format's own reader may find its table on another sheet, or says better what is wrong
        return False
    if not set(management_table.NEEDED) <= set(names):
        return False
    return not management_table.strangers(names) or not _recognised(path)


def _recognised(path: str | Path) -> bool:
    try:
        return bool(formats.detect(path))
    except DataError:
        return False


def _contents(ds: xr.Dataset) -> list[dict[str, Any]]:
    days = ds["time"].to_numpy().astype("datetime64[D]")
    variables = [
        {
            "variable": row["variable"],
            "unit": row["unit"],
            "mean": row["mean"],
            "missing": row["missing"],
            "from": "the file itself",
        }
        for row in statistics(ds)
        if base_name(row["variable"]) == row["variable"]
    ]
    names = ", ".join(map(str, ds["site"].to_numpy()[:5]))
    more = f" and {ds.sizes['site'] - 5} more" if ds.sizes["site"] > 5 else ""
    whole = {"site": names + more, "first": str(days[0]), "last": str(days[-1]), "days": len(days)}
    return [whole | {"variables": variables}]


def check(path: str | Path, form: str = "", options: Options | None = None) -> Checked:
    """Read ``path`` as an import would and keep all findings; nothing is written.

    ``form``: a format of :data:`agroflux.data.formats.FORMATS`; empty recognises it, management tables too. Raises
    nothing for a bad file: a reader's error becomes a finding. DataError for an unknown format name.
    """
    report = Report()
    name = Path(path).name
    if form:
        formats.get(form)
    told = form
    try:
        if not form and is_management(path):
            told = MANAGEMENT
            management_table.read(path, report)
            return Checked(told, report, [])
        told = form or formats.detect(path)
        for file, other in ({} if told == "netcdf" else formats.of_others(path, told)).items():
            what = f"is left out: its name tells of {other}, not {told}"
            report.add("warning", file, what, remedy="check it by itself")
        readings = formats.get(told).read(Path(path), options or Options(), report)
    except DataError as error:
        if not report.errors:
            report.add("error", name, str(error).removeprefix(name).lstrip(" :,"))
        readings = []
    if isinstance(readings, xr.Dataset):
        return Checked(told, report, [], readings)
    return Checked(told, report, [] if report.errors else readings)
