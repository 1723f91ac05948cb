"""Is the climate wet in the IPCC's sense? Precipitation over potential evapotranspiration, from the data's weather.

Two formulas, because the answer depends on them: Thornthwaite (1948, doi 10.2307/210739), which needs temperature
alone, and Hargreaves and Samani (1985, doi 10.13031/2013.26773) with the radiation of FAO-56 (equations 21-25).
"""

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import schema
from agroflux.emissions.units import require
from agroflux.errors import DataError

_NEEDED = ("TMAX", "TMIN", "PRECN")


def moisture(ds: xr.Dataset) -> pd.DataFrame:
    """Mean annual rain and potential evapotranspiration of each site.

    ``ds`` holds daily TMAX, TMIN [degC] and PRECN [mm d-1] over ``(site, time)`` and ``lat`` [degrees]. Returns by
    site: rain_mm, thornthwaite_mm, hargreaves_mm [mm yr-1] and the ratios thornthwaite, hargreaves [1].
    """
    if missing := [v for v in _NEEDED if v not in ds]:
        raise DataError(f"the data set holds no {', '.join(missing)}: the moisture ratio needs daily weather")
    weather = {v: require(ds[v], schema.get(v).unit).transpose("site", "time") for v in _NEEDED}
    month = ds["time"].dt.month.to_numpy()
    by_month = {
        name: np.stack([np.asarray(a.values)[:, month == m].mean(axis=1) for m in range(1, 13)], axis=1)
        for name, a in weather.items()
    }
    days = np.array([31.0, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    lat = np.deg2rad(ds["lat"].to_numpy().astype(float))
    rain = (by_month["PRECN"] * days).sum(axis=1)
    mean = (by_month["TMAX"] + by_month["TMIN"]) / 2.0
    thornthwaite = _thornthwaite(mean, lat, days)
    hargreaves = _hargreaves(mean, by_month["TMAX"] - by_month["TMIN"], lat, days)
    return pd.DataFrame(
        {
            "rain_mm": rain,
            "thornthwaite_mm": thornthwaite,
            "hargreaves_mm": hargreaves,
            "thornthwaite": rain / thornthwaite,
            "hargreaves": rain / hargreaves,
        },
        index=pd.Index(ds["site"].values, name="site"),
    )


def _solar(lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Day length [h] and extraterrestrial radiation [MJ m-2 d-1], ``(site, 12)``, at mid-month (FAO-56)."""
    day = np.array([15.5, 45, 74.5, 105, 135.5, 166, 196.5, 227.5, 258, 288.5, 319, 349.5])
    declination = 0.409 * np.sin(2 * np.pi / 365 * day - 1.39)
    distance = 1 + 0.033 * np.cos(2 * np.pi / 365 * day)
    sunset = np.arccos(np.clip(-np.tan(lat)[:, None] * np.tan(declination), -1, 1))
    high = np.sin(lat)[:, None] * np.sin(declination) * sunset
    low = np.cos(lat)[:, None] * np.cos(declination) * np.sin(sunset)
    return 24 / np.pi * sunset, 24 * 60 / np.pi * 0.0820 * distance * (high + low)


def _thornthwaite(mean: np.ndarray, lat: np.ndarray, days: np.ndarray) -> np.ndarray:
    warm = np.maximum(mean, 0.0)
    heat = ((warm / 5.0) ** 1.514).sum(axis=1, keepdims=True)
    a = 6.75e-7 * heat**3 - 7.71e-5 * heat**2 + 1.792e-2 * heat + 0.49239
    monthly = 16.0 * (10.0 * warm / heat) ** a * (_solar(lat)[0] / 12.0) * (days / 30.0)
    return monthly.sum(axis=1)


def _hargreaves(mean: np.ndarray, span: np.ndarray, lat: np.ndarray, days: np.ndarray) -> np.ndarray:
    daily = 0.0023 * (_solar(lat)[1] / 2.45) * (mean + 17.8) * np.sqrt(np.maximum(span, 0.0))
    return (np.maximum(daily, 0.0) * days).sum(axis=1)
