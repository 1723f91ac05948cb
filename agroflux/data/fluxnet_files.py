"""What the names and time stamps of flux files tell: site, network, time step, and which files are no flux table."""

import re
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from agroflux.data.archives import Member, members
from agroflux.data.report import Report
from agroflux.data.text_table import columns_of, read_table
from agroflux.errors import DataError

Resolution = Literal["HH", "DD", "MM", "WW", "YY"]
#: Files that lie beside the tables in a download: reanalysis, auxiliary and site information, AmeriFlux BASE.
BESIDE = re.compile(r"_(ERAI|ERA5|AUX\w+|BIF\w*|BASE|METEO|FLUXES|METEOSENS)_")
#: Columns that name the site of each row, where people have joined tables.
SITES = ("SITE_ID", "SITE", "Site", "site", "site_id")
#: Time steps in words.
SHOWN = {"DD": "daily", "MM": "monthly", "WW": "weekly", "YY": "yearly", "HH": "half-hourly"}


def named_step(name: str) -> Resolution | None:
    """The time step that a file's name tells: HH (hours too), DD, WW, MM, YY; None where it tells none."""
    found = re.search(r"_(HH|HR|DD|WW|MM|YY)(?:_|\.)", name)
    told: Any = {"HR": "HH"}.get(found[1], found[1]) if found else None
    return told


def step(member: Member, report: Report) -> Resolution:
    """The time step that a table's own time stamps tell."""
    names = columns_of(member, report)
    digits = {4: "YY", 6: "MM", 8: "DD"}
    if "TIMESTAMP" in names:
        cells = read_table(member, report, text=("TIMESTAMP",), wanted=lambda n: n == "TIMESTAMP")["TIMESTAMP"]
        lengths = cells[cells != ""].str.len()
        told: Any = digits.get(int(lengths.iloc[0])) if len(lengths) else "DD"
        return told or "DD"
    if "TIMESTAMP_START" in names:
        return "WW" if named_step(member.name) == "WW" else "HH"
    raise DataError(f"{member.name} has no TIMESTAMP column: give a FLUXNET table (FLX_…_DD_….csv)")


def monthly_table(path: str | Path) -> Member:
    """The one monthly table at ``path``: the file itself, or that of a zip or folder as downloaded; else DataError."""
    given = members(path)
    held = [m for m in given if named_step(m.name) == "MM" and not BESIDE.search(m.name)] if len(given) > 1 else given
    if len(held) != 1:
        count = f"{len(held)} monthly tables" if held else "no monthly table"
        raise DataError(f"{Path(path).name} holds {count}: give one file with _MM_ in its name")
    return held[0]


def network(name: str) -> str:
    """The network that a file's name tells."""
    if name.startswith("AMF_"):
        return "AmeriFlux FLUXNET"
    if name.startswith("ICOS"):
        return "ICOS"
    return "FLUXNET2015" if "FLUXNET2015" in name else "FLUXNET"


def site(name: str) -> str:
    """Site id from a name such as FLX_US-ARM_FLUXNET2015_…; the whole stem where there is none."""
    found = re.search(r"(?:^|_)([A-Z]{2}-[A-Za-z0-9]{3})(?:_|\.|$)", name)
    return found[1] if found else Path(name).stem


def of_one_site(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """``table`` without its columns that name a site; DataError where one of them names several."""
    columns = [c for c in SITES if c in table.columns]
    for column in columns:
        sites = [s for s in table[column].unique() if s]
        if len(sites) > 1:
            raise DataError(
                f"{name}, column {column}: holds {len(sites)} sites ({', '.join(sites[:5])[:80]}): "
                "split it into a file each"
            )
    return table.drop(columns=columns)
