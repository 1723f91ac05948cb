"""A data set beside the monthly file that its network publishes for the same site: what an import should come to.

The monthly table of the FLUXNET family holds means of daily values, so that the means of an imported data set over the
same months must agree with it but for rounding; where they do not, days, a version or a unit differ. ET agrees but
roughly: it is made from latent heat, which takes the mean temperature of the month here and of each day there.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from agroflux.contract import base_name, unit_of
from agroflux.data import coverage, fluxnet
from agroflux.data import fluxnet_files as files
from agroflux.errors import DataError

#: Share of a month's days without which its mean is not compared.
ENOUGH = 0.9
TOO_FEW = f"the data set has values on fewer than {ENOUGH:.0%} of the month's days"
#: Decimals of a difference: these files carry six digits and a data set seven, so that smaller ones are rounding.
_DECIMALS = 5
#: The same values as NEE under another name.
_TWIN = "CO2_FLUX"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What :func:`against` found for one ``site``.

    ``months``: a row a month and variable: variable, month (first day), days (with a value), of (days of the month),
    data, file, difference (data minus file, five decimals) [unit of the variable]. ``left_out``: the same columns
    without the last, of months with too few days. ``remarks``: where the two hold different versions of a flux, or
    name their site differently.
    """

    site: str
    source: str
    months: pd.DataFrame
    left_out: pd.DataFrame
    remarks: tuple[str, ...]

    def summary(self) -> pd.DataFrame:
        """A row a variable: variable, unit, months, left_out, data, file, difference (means), largest (with its sign).

        ``when`` is the month of the largest difference; none (NaT) where all months agree.
        """
        rows = []
        for name, part in self.months.groupby("variable", sort=False):
            at = part["difference"].abs().idxmax()
            row = {"variable": name, "unit": unit_of(str(name)), "months": len(part)}
            row |= {"left_out": int((self.left_out["variable"] == name).sum())}
            row |= {column: float(part[column].mean()) for column in ("data", "file", "difference")}
            largest = part.at[at, "difference"]
            rows.append(row | {"largest": largest, "when": part.at[at, "month"] if largest else pd.NaT})
        table = pd.DataFrame(rows)
        return table.assign(difference=_rounded(table["difference"]), when=pd.to_datetime(table["when"]))


def against(ds: xr.Dataset, path: str | Path) -> Comparison:
    """Monthly means of the file's site in ``ds`` beside the values of the monthly FLUXNET file at ``path``.

    Of the file that version is taken (VUT or CUT, NT or DT) which the data set says it was made from. A month counts
    where :data:`ENOUGH` of its days have a value.

    Raises
    ------
    DataError
        a simulation, no monthly file, none of several sites, no variable or month in common, or no month with
        enough days.
    """
    if ds.attrs.get("kind") != "observation":
        raise DataError("a monthly file is compared with measurements: choose a data set of a tower")
    site, renamed = _site(ds, path)
    table, meta = fluxnet.read_monthly(path, choice=_choice(ds, site))
    source = str(meta["source"])
    shares = coverage.by_month(ds, site)
    names = [n for n in map(str, table.columns) if base_name(n) == n and n in shares.columns and n != _TWIN]
    names = [n for n in names if shares[n].any()]
    if not names:
        raise DataError(
            f"{source} and the data set hold no variable in common: the file has {', '.join(meta['columns'])}"
        )
    common = shares.index.intersection(table.index)
    if common.empty:
        raise DataError(
            f"{source} and the data set share no month: the file has {_span(table.index)}, "
            f"the data set {_span(shares.index)}"
        )
    means = ds[names].sel(site=site).to_dataframe()[names].resample("MS").mean()
    parts = []
    for name in names:
        part = pd.DataFrame({"data": means[name].reindex(common), "file": table[name].reindex(common)})
        whole = common.days_in_month.to_numpy()
        days = (shares[name].reindex(common) * whole).round().astype(int)
        parts.append(part.assign(variable=name, days=days, of=whole).rename_axis("month").reset_index())
    found = pd.concat(parts, ignore_index=True)[["variable", "month", "days", "of", "data", "file"]]
    found = found[found["file"].notna()]
    enough = found["days"] >= ENOUGH * found["of"]
    months = found[enough].assign(difference=lambda t: _rounded(t["data"] - t["file"]))
    if months.empty:
        raise DataError(f"no month of {source} can be compared: in each {TOO_FEW}")
    left_out = found[~enough].reset_index(drop=True)
    remarks = (*renamed, *_remarks(ds, site, meta["columns"]))
    return Comparison(site, source, months.reset_index(drop=True), left_out, remarks)


def _rounded(difference: pd.Series) -> pd.Series:
    return difference.astype(float).round(_DECIMALS) + 0.0  # no minus zero


def _site(ds: xr.Dataset, path: str | Path) -> tuple[str, tuple[str, ...]]:
    """The site that the file's name tells, or the only one there is, and what to remark; DataError if it is unclear."""
    held = [str(s) for s in ds["site"].to_numpy()]
    member = files.monthly_table(path)
    told = files.site(member.name)
    if told in held:
        return told, ()
    # Renamed when it was imported, it still tells the files that it was made from.
    if len(held) == 1 and f"_{told}_" in f"{ds.attrs.get('source', '')} {ds.attrs.get('history', '')}":
        return held[0], (f"the file is of site {told}, which the data set calls {held[0]}",)
    raise DataError(
        f"{member.name} is of site {told}, the data set holds {', '.join(held[:5])}: "
        "give the monthly file of one of its sites, named as downloaded"
    )


def _column(ds: xr.Dataset, site: str, name: str) -> str:
    """The FLUXNET column that a variable of ``site`` was made from; empty where the data set does not tell."""
    comment = str(ds[name].attrs.get("comment", "")) if name in ds else ""
    found = re.search(rf"(?:^|; ){re.escape(site)}: FLUXNET (\w+)", comment)
    return found[1] if found else ""


def _choice(ds: xr.Dataset, site: str) -> fluxnet.Choice:
    return fluxnet.Choice(
        "CUT" if "_CUT_" in _column(ds, site, "NEE") else "VUT", "DT" if "_DT_" in _column(ds, site, "GPP") else "NT"
    )


def _remarks(ds: xr.Dataset, site: str, columns: dict[str, str]) -> tuple[str, ...]:
    pairs = {name: (_column(ds, site, name), column) for name, column in columns.items()}
    return tuple(f"{n} is {a} in the data set and {b} in the file" for n, (a, b) in pairs.items() if a and a != b)


def _span(months: pd.DatetimeIndex) -> str:
    return f"{months[0]:%Y-%m} to {months[-1]:%Y-%m}"
