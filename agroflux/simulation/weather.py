"""Daily weather of a county: a real Daymet series carried there by monthly change factors.

The series is Daymet at 42.035 N, 93.000 W (central Iowa), 1990-2020. For each month the station normals of
``climate_normals.csv`` are fitted by a plane in latitude and longitude (temperature; logarithm of
rain) or a line in latitude (logarithm of radiation, which few stations measure). The difference
(temperature) or ratio (rain, radiation) between county and source is interpolated from mid-month
to mid-month and applied to each day. So the years keep their real sequence of droughts and wet spells, neighbours are
coherent, and climate follows the stations; storms that pass one county and miss the next are not represented.
"""

from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd

from agroflux.paths import ASSETS

SOURCE_LAT, SOURCE_LON = 42.03534, -93.0
#: First and last year of the source series.
YEARS = (1990, 2020)
_NORMALS = {"TMAX": "tmax_c", "TMIN": "tmin_c", "PRECN": "rain_mm", "SRAD": "srad_mj"}
_ADDITIVE = ("TMAX", "TMIN")
# Only three stations measure radiation: their line in latitude is not trusted beyond 5 %.
_RATIO_BOUNDS = {"PRECN": (0.5, 2.0), "SRAD": (0.95, 1.05)}


@lru_cache(maxsize=1)
def source_series() -> pd.DataFrame:
    """The source series: daily TMAX, TMIN [degC], PRECN [mm d-1], SRAD [MJ m-2 d-1], 1990-2020, leap days kept."""
    table = pd.read_parquet(ASSETS / "facts" / "weather_central_iowa.parquet")
    return table.astype("float64")


@lru_cache(maxsize=1)
def _plane_coefficients() -> dict[str, np.ndarray]:
    """Least-squares coefficients (12 months, 3: constant, latitude, longitude) for each variable."""
    normals = pd.read_csv(ASSETS / "facts" / "climate_normals.csv")
    fitted = {}
    for name, column in _NORMALS.items():
        rows = []
        for month in range(1, 13):
            part = normals[(normals["month"] == month) & normals[column].notna()]
            y = part[column].to_numpy(float)
            y = y if name in _ADDITIVE else np.log(y)
            lat, lon = part["lat_deg"] - SOURCE_LAT, part["lon_deg"] - SOURCE_LON
            design = np.column_stack([np.ones(len(part)), lat, np.zeros(len(part)) if name == "SRAD" else lon])
            rows.append(np.linalg.lstsq(design, y, rcond=None)[0])
        fitted[name] = np.array(rows)
    return fitted


def change_factors(lat: float, lon: float) -> pd.DataFrame:
    """Monthly change (12 rows): degC to add for TMAX, TMIN; factor for PRECN, SRAD."""
    step = np.array([lat - SOURCE_LAT, lon - SOURCE_LON])
    change = {name: coef[:, 1:] @ step for name, coef in _plane_coefficients().items()}
    for name, (low, high) in _RATIO_BOUNDS.items():
        change[name] = np.clip(np.exp(change[name]), low, high)
    return pd.DataFrame(change, index=pd.RangeIndex(1, 13, name="month"))


def county_weather(lat: float, lon: float) -> pd.DataFrame:
    """Daily TMAX, TMIN [degC], PRECN [mm d-1], SRAD [MJ m-2 d-1] at a place, 1990-2020 with leap days."""
    series = source_series()
    monthly = change_factors(lat, lon)
    # Mid-month knots, one month beyond each end so that December meets January.
    knots = np.concatenate([[-16.0], np.arange(12) * 30.4375 + 15.2, [381.0]])
    day = series.index.day_of_year.to_numpy(float)
    moved = {}
    for name in _NORMALS:
        values = monthly[name].to_numpy()
        factor = np.interp(day, knots, np.concatenate([values[-1:], values, values[:1]]))
        moved[name] = series[name] + factor if name in _ADDITIVE else series[name] * factor
    out = pd.DataFrame(moved, index=series.index)
    # Separate additions may bring the two within a hair of each other on a flat day; DSSAT needs TMAX > TMIN.
    out["TMAX"] = np.maximum(out["TMAX"], out["TMIN"] + 0.2)
    return out.round(2)


def shifted(weather: pd.DataFrame, *, warmer: float = 0.0, rain: float = 1.0) -> pd.DataFrame:
    """``weather`` with ``warmer`` [degC] added to TMAX and TMIN and PRECN multiplied by ``rain`` [1]."""
    out = weather.copy()
    out[["TMAX", "TMIN"]] += warmer
    out["PRECN"] *= rain
    return out.round(2)


def repeated(weather: pd.DataFrame, year: int) -> pd.DataFrame:
    """``weather`` with every year like ``year``; 29 February is like the 28th where ``year`` has none."""
    own = weather[weather.index.year == year]
    source = own[~((own.index.month == 2) & (own.index.day == 29))].to_numpy()
    after = np.asarray(weather.index.is_leap_year & (weather.index.day_of_year > 59))
    return pd.DataFrame(
        source[weather.index.day_of_year.to_numpy() - 1 - after], index=weather.index, columns=weather.columns
    )


def extreme_year(weather: pd.DataFrame, kind: Literal["dry", "wet"], years: tuple[int, int] = (2000, 2018)) -> int:
    """The year with the least (``dry``) or most (``wet``) rain in May to August of ``years``."""
    index = weather.index
    summer = weather["PRECN"][(index.month >= 5) & (index.month <= 8) & (index.year >= years[0])]
    sums = summer.groupby(summer.index.year).sum().loc[: years[1]]
    return int(sums.idxmin() if kind == "dry" else sums.idxmax())
