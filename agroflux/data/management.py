"""Management tables: what was grown, planted, fertilised and harvested at each site in each year.

One row a site, year of harvest and crop (two crops in a year are two rows), as CSV or xlsx:

=================  =================================================================================
column             content; an empty cell is *unknown*, which is never taken for zero or for none
=================  =================================================================================
site, year         site id of the data set; calendar year of the harvest
crop               corn, soybean, winter wheat, alfalfa, …
planting           day (2005-04-28), or ``none`` where nothing was planted (a perennial)
emergence,         days
harvest
tillage            days separated by ``;``, or ``none``
irrigation_mm      water given in the season [mm]; 0 is rainfed
n_total_kg_ha      nitrogen of the year [kg N ha-1] where its days are not known; feeds no daily driver
n_date_1, n_rate_1_kg_ha, n_date_2, …   each nitrogen event: its day and rate [kg N ha-1]; a rate of 0 alone: none given
source             where the row comes from
=================  =================================================================================

They feed the drivers PLANTING (1 on the day), CROP (1 corn, 0 soybean; NaN for another crop, for two crops in one
year, or unknown) and FERTZR_N [g N m-2 d-1] = rate [kg N ha-1] / 10 on the day. A row speaks for the days from
1 January to 31 December of a crop planted in its year; of a crop planted the autumn before, from planting to harvest
(to 30 June where that is not told), because what was sown next is another row's to say. A day is *known* where every
row that speaks for it tells the column, and where something was done that day. All other days are NaN.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from agroflux import schema

DRIVERS = ("PLANTING", "CROP", "FERTZR_N")
#: Attribute of a data set that holds its management table as JSON.
ATTRIBUTE = "management"
CROP_FLAG = {"corn": 1.0, "soybean": 0.0}
NONE = "none"
KG_HA_PER_G_M2 = 10.0
_SAME = 1e-5  # flags and [g N m-2 d-1] that differ by less are one number, stored twice


@dataclass(frozen=True, slots=True)
class Event:
    """Nitrogen given on a day [kg N ha-1]."""

    day: date
    rate: float


@dataclass(frozen=True, slots=True)
class Season:
    """One crop at a site, harvested in ``year``. None and empty text are unknown; ``planting`` may be ``none``.

    ``nitrogen``: events; an empty tuple says that none was given, None that it is unknown.
    """

    site: str
    year: int
    crop: str = ""
    planting: date | str | None = None
    emergence: date | None = None
    harvest: date | None = None
    tillage: str = ""
    irrigation: float | None = None
    nitrogen: tuple[Event, ...] | None = None
    n_total: float | None = None
    source: str = ""

    def span(self) -> tuple[date, date]:
        """First and last day for which this row speaks: what it leaves empty is unknown there, whatever others tell."""
        first, last = date(self.year, 1, 1), date(self.year, 12, 31)
        if isinstance(self.planting, date) and self.planting < first:
            return self.planting, self.harvest or date(self.year, 6, 30)
        return first, last


def drivers(seasons: Sequence[Season], days: pd.DatetimeIndex) -> pd.DataFrame:
    """PLANTING, CROP, FERTZR_N of one site on ``days``, NaN where unknown; ``seasons`` are that site's alone."""
    out = pd.DataFrame(np.nan, index=days, columns=list(DRIVERS))
    out["PLANTING"] = _nothing(seasons, days, lambda season: season.planting is not None)
    out["FERTZR_N"] = _nothing(seasons, days, lambda season: season.nitrogen is not None)
    totals: dict[date, float] = {}
    for season in seasons:
        if isinstance(season.planting, date):
            _set(out, "PLANTING", season.planting, 1.0)
        for event in season.nitrogen or ():
            totals[event.day] = totals.get(event.day, 0.0) + event.rate
    for day, rate in totals.items():
        _set(out, "FERTZR_N", day, rate / KG_HA_PER_G_M2)
    unnamed = {season.year for season in seasons if not season.crop}
    for year, crop in crops(seasons).items():
        if crop in CROP_FLAG and year not in unnamed:
            out.loc[pd.Timestamp(year, 1, 1) : pd.Timestamp(year, 12, 31), "CROP"] = CROP_FLAG[crop]
    return out


def _nothing(seasons: Sequence[Season], days: pd.DatetimeIndex, tells: Callable[[Season], bool]) -> NDArray[np.float64]:
    """0 on each of ``days`` for which a row speaks and all that do tell, else NaN; events are not in it.

    One row that tells does not answer for another: between two crops of a year, the nitrogen of one may be unknown.
    """
    known, unknown = np.zeros(len(days), bool), np.zeros(len(days), bool)
    for season in seasons:
        first, last = season.span()
        spoken_for = (days >= pd.Timestamp(first)) & (days <= pd.Timestamp(last))
        (known if tells(season) else unknown)[spoken_for] = True
    return np.where(known & ~unknown, 0.0, np.nan)


def _set(out: pd.DataFrame, column: str, day: date, value: float) -> None:
    stamp = pd.Timestamp(day)
    if stamp in out.index:
        out.loc[stamp, column] = value


def crops(seasons: Iterable[Season]) -> dict[int, str]:
    """What was grown in each year of one site; two crops are joined by ``+`` in the order of the rows."""
    named: dict[int, list[str]] = {}
    for season in seasons:
        if season.crop:
            named.setdefault(season.year, []).append(season.crop)
    return {year: " + ".join(dict.fromkeys(names)) for year, names in named.items()}


def in_field(seasons: Sequence[Season], days: pd.DatetimeIndex) -> "pd.Series[str]":
    """Crop of one site on each of ``days`` (sorted), empty where no row tells; ``seasons`` are that site's alone.

    A day has the crop of its year's harvest, two in the order of the alphabet (:func:`crops`); from a planting that is
    told to the harvest, it has that crop alone: a wheat sown in autumn is wheat from then on, though another crop was
    harvested that year.
    """
    out = pd.Series("", index=days, dtype=object)
    by_name = sorted(seasons, key=lambda season: season.crop)
    for year, crop in crops(by_name).items():
        out.loc[pd.Timestamp(year, 1, 1) : pd.Timestamp(year, 12, 31)] = crop
    planted = [(s.planting, s) for s in seasons if s.crop and isinstance(s.planting, date)]
    for day, season in sorted(planted, key=lambda pair: pair[0]):
        out.loc[pd.Timestamp(day) : pd.Timestamp(season.harvest or season.span()[1])] = season.crop
    return out


def apply(ds: xr.Dataset, seasons: Sequence[Season]) -> xr.Dataset:
    """``ds`` (observation) with the drivers that ``seasons`` give, NaN where unknown, instead of those it had.

    Adds the coordinate ``crop_name`` (site, year; empty is unknown) and keeps the table in ``attrs["management"]``.
    Rows of sites that ``ds`` does not hold are left out.
    """
    days = pd.DatetimeIndex(ds["time"].to_numpy())
    sites = [str(s) for s in ds["site"].to_numpy()]
    kept = [s for s in seasons if s.site in sites]
    by_site = {site: [s for s in kept if s.site == site] for site in sites}
    tables = [drivers(by_site[site], days) for site in sites]
    out = ds.copy()
    for name in DRIVERS:
        known = schema.get(name)
        attrs = {"units": known.unit, "long_name": known.label, "comment": "from the management table; NaN is unknown"}
        values = np.stack([table[name].to_numpy() for table in tables]).astype("float32")
        out[name] = xr.Variable(("site", "time"), values, attrs)
    out = out.drop_vars("crop_name", errors="ignore")
    if "year" not in out.dims:
        out = out.drop_vars("year", errors="ignore").assign_coords(year=sorted({int(y) for y in days.year}))
    years = [int(y) for y in out["year"].to_numpy()]
    grown = [crops(by_site[site]) for site in sites]
    out = out.assign_coords(crop_name=(("site", "year"), [[names.get(y, "") for y in years] for names in grown]))
    out.attrs[ATTRIBUTE] = json.dumps([as_row(s) for s in kept])
    return out


def changed(before: xr.Dataset, after: xr.Dataset) -> dict[str, list[str]]:
    """What ``before`` told of management and ``after`` tells otherwise or no more: sites by name of the variable."""
    found = {}
    for name in (*DRIVERS, "crop_name"):
        if name not in before:
            continue
        old, new = before[name], after[name]
        if name == "crop_name":
            other = old.notnull() & (old != "") & (old != new)
        else:  # ~(a <= b) and not a > b: what is unknown now is other than what was told
            other = old.notnull() & ~(abs(new - old) <= _SAME)
        lost = other.any([d for d in other.dims if d != "site"]).to_numpy()
        if lost.any():
            found[name] = [str(site) for site in after["site"].to_numpy()[lost]]
    return found


def as_row(season: Season) -> dict[str, Any]:
    """A season as a row of the table: text and numbers by column name, empty text where unknown."""
    row: dict[str, Any] = {
        "site": season.site,
        "year": season.year,
        "crop": season.crop,
        "planting": _day(season.planting),
        "emergence": _day(season.emergence),
        "harvest": _day(season.harvest),
        "tillage": season.tillage,
        "irrigation_mm": "" if season.irrigation is None else season.irrigation,
        "n_total_kg_ha": "" if season.n_total is None else season.n_total,
        "source": season.source,
    }
    if season.nitrogen == ():
        row |= {"n_date_1": "", "n_rate_1_kg_ha": 0.0}
    for number, event in enumerate(season.nitrogen or (), 1):
        row |= {f"n_date_{number}": _day(event.day), f"n_rate_{number}_kg_ha": event.rate}
    return row


def _day(value: date | str | None) -> str:
    return value.isoformat() if isinstance(value, date) else (value or "")


def season_days(season: Season) -> list[tuple[date, str, str]]:
    """What happened on which day: (day, kind, words), kind planting, emergence, harvest, tillage or nitrogen."""
    named = (("planting", season.planting), ("emergence", season.emergence), ("harvest", season.harvest))
    found = [(day, kind, f"{kind} of {season.crop or 'a crop'}") for kind, day in named if isinstance(day, date)]
    for text in filter(None, (t.strip() for t in season.tillage.split(";"))):
        if text != NONE:
            found.append((date.fromisoformat(text), "tillage", "tillage"))
    found += [(e.day, "nitrogen", f"{e.rate:g} kg N ha-1") for e in season.nitrogen or ()]
    return sorted(found)
