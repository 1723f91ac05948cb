"""Weather of several climates, and random years of it.

A climate is a handful of whole recorded years: the 31 years of a benchmark county
(:mod:`agroflux.simulation.weather`), or those that a bundled tower measured: US-Tw3 (California) and US-AR1
(Oklahoma). Gaps of a tower are filled by a stated rule (:func:`whole`).

Random weather (:func:`drawn`) draws each calendar year anew from the climate's years, with replacement, and moves it:
one change for the whole series (temperature U(-4, 4) degC, rain times U(0.6, 1.5), radiation times U(0.92, 1.05)) and
one for each year (temperature N(0, 0.7) degC, rain times U(0.75, 1.25)), so that no year comes twice. Temperature
and rain leave the range of the source on purpose; storms, hot spells and their seasons stay as they were recorded.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.data.store import open_store
from agroflux.errors import SimulationError
from agroflux.paths import ASSETS
from agroflux.simulation.county import benchmark_counties
from agroflux.simulation.weather import county_weather

VARIABLES = ("TMAX", "TMIN", "PRECN", "SRAD")
#: Bundled towers that recorded their weather.
TOWERS = ("US-Tw3", "US-AR1")
#: A year of a tower is used where it has temperature and radiation on this many days.
ENOUGH_DAYS = 270
_SHORT_GAP = 5
_NEAR = 7


@dataclass(frozen=True)
class Climate:
    """A place and its recorded years: each (365, 4) of TMAX, TMIN [degC], PRECN [mm d-1], SRAD [MJ m-2 d-1]."""

    name: str
    state: str
    lat: float
    lon: float
    years: tuple[np.ndarray, ...]


def whole(recorded: pd.DataFrame) -> pd.DataFrame:
    """``recorded`` daily weather (columns VARIABLES) on every day from its first to its last year, without gaps.

    Temperature and radiation: gaps of up to five days are interpolated; a longer one has, day by day, the mean of the
    days up to a week apart in all years. Rain: the rain of the same day of the nearest year that has one (a mean would
    drizzle every day). Raises SimulationError for a variable that was never recorded, or not in some part of the year.
    """
    first, last = recorded.index[0].year, recorded.index[-1].year
    days = pd.date_range(f"{first}-01-01", f"{last}-12-31", name="time")
    table = recorded.reindex(days)[list(VARIABLES)].astype(float)
    never = [name for name in VARIABLES if not table[name].notna().any()]
    if never:
        raise SimulationError(f"no {', '.join(never)} was recorded: the process model needs it every day")
    day = _day_of_year(days)
    for name in ("TMAX", "TMIN", "SRAD"):
        gap = table[name].isna()
        length = gap.groupby((~gap).cumsum()).transform("sum")
        short = table[name].interpolate("time", limit_area="inside").where(length <= _SHORT_GAP)
        usual = _usual(table[name], day)
        if (missing := np.flatnonzero(np.isnan(usual))).size:
            around = pd.Timestamp(2001, 1, 1) + pd.Timedelta(days=int(missing[0]))
            raise SimulationError(
                f"{name} was never recorded around {around.day} {around:%B}: the process model needs the whole year"
            )
        table[name] = table[name].fillna(short).fillna(pd.Series(usual[day], index=days))
    table["PRECN"] = _nearest_year(table["PRECN"], day)
    table["TMAX"] = np.maximum(table["TMAX"], table["TMIN"] + 0.2)
    return table.round(2)


def recorded_years(recorded: pd.DataFrame) -> tuple[np.ndarray, ...]:
    """Whole years (365, 4) of ``recorded``, those with temperature and radiation on ``ENOUGH_DAYS`` days."""
    held = recorded[["TMAX", "TMIN", "SRAD"]].notna().all(axis=1).groupby(recorded.index.year).sum()
    table = whole(recorded)
    table = table[~((table.index.month == 2) & (table.index.day == 29))]
    return tuple(table[table.index.year == year].to_numpy() for year in held.index[held >= ENOUGH_DAYS])


@lru_cache(maxsize=128)
def county_climate(fips: str) -> Climate:
    """The 31 years of a benchmark county."""
    facts = benchmark_counties().loc[fips]
    lat, lon = float(facts["lat_deg"]), float(facts["lon_deg"])
    return Climate(str(facts["county"]), str(facts["state"]), lat, lon, recorded_years(county_weather(lat, lon)))


@lru_cache(maxsize=8)
def tower_climate(site: str) -> Climate:
    """The years that a tower of towers-sample recorded."""
    one = open_store(ASSETS / "data" / "towers-sample.zarr.zip").sel(site=site)
    return Climate(
        site, str(one["state"].values), float(one["lat"]), float(one["lon"]), recorded_years(site_weather(one))
    )


def site_weather(one: xr.Dataset) -> pd.DataFrame:
    """Recorded weather of one site (time) from its first to its last day with any; SimulationError without one."""
    absent = [name for name in VARIABLES if name not in one]
    if absent:
        raise SimulationError(f"the data set has no {', '.join(absent)}: the process model needs it every day")
    table = one[list(VARIABLES)].to_dataframe()[list(VARIABLES)].astype(float)
    held = np.flatnonzero(table.notna().any(axis=1))
    if not len(held):
        raise SimulationError("no weather was recorded here: the process model needs it every day")
    return table.iloc[held[0] : held[-1] + 1]


def drawn(climate: Climate, first: int, last: int, rng: np.random.Generator) -> pd.DataFrame:
    """Random weather of ``climate`` from 1 January of ``first`` to 31 December of ``last``, leap days kept.

    29 February is like the 28th. See the module's text for what is drawn.
    """
    warmer, wetter, brighter = rng.uniform(-4, 4), rng.uniform(0.6, 1.5), rng.uniform(0.92, 1.05)
    days = pd.date_range(f"{first}-01-01", f"{last}-12-31", name="time")
    day, parts = _day_of_year(days), []
    for year in range(first, last + 1):
        own = climate.years[int(rng.integers(len(climate.years)))].copy()
        own[:, :2] += warmer + rng.normal(0, 0.7)
        own[:, 2] *= wetter * rng.uniform(0.75, 1.25)
        own[:, 3] *= brighter
        parts.append(own[day[days.year == year]])
    return pd.DataFrame(np.concatenate(parts), index=days, columns=list(VARIABLES)).round(2)


def repeated_to(weather: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Whole ``weather`` on all days from ``first`` to ``last``: years outside it repeat its years in turn."""
    days = pd.date_range(f"{first}-01-01", f"{last}-12-31", name="time")
    held = sorted(set(weather.index.year))
    parts = []
    for year in range(first, last + 1):
        own = weather[weather.index.year == held[(year - held[0]) % len(held)]]
        own = own[~((own.index.month == 2) & (own.index.day == 29))]
        now = days[days.year == year]
        parts.append(own.to_numpy()[_day_of_year(now)])
    out = pd.DataFrame(np.concatenate(parts), index=days, columns=weather.columns)
    out.update(weather)
    return out


def _day_of_year(days: pd.DatetimeIndex) -> np.ndarray:
    """0 to 364; 29 February is the day of the 28th."""
    after = np.asarray(days.is_leap_year & (days.day_of_year > 59))
    return np.asarray(days.day_of_year) - 1 - after


def _usual(values: pd.Series, day: np.ndarray) -> np.ndarray:
    """Mean (365,) over all years of the days up to a week apart, round the year; NaN where none is near."""
    known = values.notna().to_numpy()
    total = np.bincount(day[known], values[known], minlength=365)
    count = np.bincount(day[known], minlength=365).astype(float)
    near, many = (sum(np.roll(part, k) for k in range(-_NEAR, _NEAR + 1)) for part in (total, count))
    return np.where(many > 0, near / np.maximum(many, 1), np.nan)


def _nearest_year(values: pd.Series, day: np.ndarray) -> pd.Series:
    """Gaps filled from the same day of the nearest year; a day of the year that no year recorded is dry."""
    year = values.index.year.to_numpy()
    table = values.groupby([year, day]).first().unstack()
    out = values.copy()
    for distance in range(1, len(table)):
        if not out.isna().any():
            break
        for step in (-distance, distance):
            other = table.reindex(year + step).to_numpy()[np.arange(len(values)), day]
            out = out.fillna(pd.Series(other, index=values.index))
    return out.fillna(0.0)
