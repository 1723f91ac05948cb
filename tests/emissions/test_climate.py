"""Moisture ratios against published values for known climates."""

import numpy as np
import pytest
import xarray as xr

from agroflux.emissions.climate import moisture
from agroflux.emissions.units import UnitsError
from agroflux.errors import DataError

#: Monthly normals of Des Moines, Iowa (NOAA 1991-2020): maximum, minimum [degC] and rain [mm].
TMAX = (0.0, 2.5, 9.8, 17.0, 22.9, 28.2, 30.1, 28.9, 25.2, 18.0, 9.5, 2.6)
TMIN = (-9.9, -7.7, -1.3, 5.0, 11.5, 17.3, 19.6, 18.3, 13.4, 6.6, -0.7, -6.9)
RAIN = (26, 30, 53, 103, 133, 134, 98, 105, 80, 73, 53, 38)


def _weather(lat: float = 41.5) -> xr.Dataset:
    days = np.arange("2013-01-01", "2014-01-01", dtype="datetime64[D]")
    month = days.astype("datetime64[M]").astype(int) % 12
    length = np.bincount(month)
    series = {
        "TMAX": (np.array(TMAX)[month], "degC"),
        "TMIN": (np.array(TMIN)[month], "degC"),
        "PRECN": ((np.array(RAIN) / length)[month], "mm d-1"),
    }
    return xr.Dataset(
        {name: (("site", "time"), values[None], {"units": unit}) for name, (values, unit) in series.items()},
        coords={"site": ["19153"], "time": days.astype("datetime64[ns]"), "lat": ("site", [lat])},
    )


def test_des_moines_is_wet_by_thornthwaite_and_near_one_by_hargreaves() -> None:
    row = moisture(_weather()).loc["19153"]
    assert row["rain_mm"] == pytest.approx(sum(RAIN), abs=2)
    assert 650 < row["thornthwaite_mm"] < 780  # Thornthwaite's map of 1948 gives 27 to 29 inches
    assert 1000 < row["hargreaves_mm"] < 1250
    assert row["thornthwaite"] == pytest.approx(row["rain_mm"] / row["thornthwaite_mm"])
    assert row["thornthwaite"] > 1 > row["hargreaves"]


def test_a_colder_place_evaporates_less() -> None:
    warm, cold = _weather(), _weather()
    for name in ("TMAX", "TMIN"):
        cold[name] = (cold[name] - 5).assign_attrs(units="degC")
    for formula in ("thornthwaite_mm", "hargreaves_mm"):
        assert moisture(cold)[formula].item() < moisture(warm)[formula].item()


def test_weather_must_be_there_in_its_unit() -> None:
    with pytest.raises(DataError, match="no PRECN"):
        moisture(_weather().drop_vars("PRECN"))
    wrong = _weather()
    wrong["TMAX"] = wrong["TMAX"].assign_attrs(units="K")
    with pytest.raises(UnitsError, match="'K'"):
        moisture(wrong)
