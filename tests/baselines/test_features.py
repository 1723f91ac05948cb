"""Lagged and rolled drivers against sums written out day by day."""

import numpy as np
import pytest
import xarray as xr

from agroflux.baselines import features
from tests.synthetic_contract import tiny

DAY = 3 * 365 + 200  # late enough for a whole memory before it


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return tiny(2, 2, 4)


@pytest.fixture(scope="module")
def row(data: xr.Dataset) -> dict[str, float]:
    """Features of site 1, scenario 1 on DAY; corn grew there in the second year and grows in the fourth."""
    values = features.daily(data, slice(DAY, DAY + 1))[1, 1, 0]
    return dict(zip(features.NAMES, map(float, values), strict=True))


def test_means_and_sums_end_with_the_day_itself(data: xr.Dataset, row: dict[str, float]) -> None:
    rain = data["PRECN"].values[1]
    nitrogen = data["FERTZR_N"].values[1, 1]
    assert row["PRECN, mean of 30 days"] == pytest.approx(rain[DAY - 29 : DAY + 1].mean(), rel=1e-4)
    assert row["TMAX"] == pytest.approx(float(data["TMAX"][1, DAY]))
    for n in (90, 365, 730):
        expected = nitrogen[DAY - n + 1 : DAY + 1].sum()
        assert row[f"FERTZR_N, sum of {n} days"] == pytest.approx(expected, abs=1e-3), n


def test_time_heat_and_rain_since_planting_and_fertiliser(data: xr.Dataset, row: dict[str, float]) -> None:
    planted = max(d for d in range(DAY + 1) if data["PLANTING"].values[1, d] > 0)
    fertilised = max(d for d in range(DAY + 1) if data["FERTZR_N"].values[1, 1, d] > 0)
    heat = np.maximum((data["TMAX"].values[1] + data["TMIN"].values[1]) / 2 - 8, 0)
    assert row["days since planting"] == DAY - planted == 80
    assert row["degree days since planting"] == pytest.approx(heat[planted + 1 : DAY + 1].sum(), rel=1e-4)
    rain = data["PRECN"].values[1, fertilised + 1 : DAY + 1].sum()
    assert row["rain since fertiliser"] == pytest.approx(rain, rel=1e-4)


def test_season_crop_and_soil(data: xr.Dataset, row: dict[str, float]) -> None:
    assert row["CROP"] == data["CROP"].values[1, DAY]
    assert row["CROP of the year before"] == data["CROP"].values[1, DAY - 365] != row["CROP"]
    assert row["cos, 1 a year"] == pytest.approx(np.cos(2 * np.pi * 200 / 365), abs=1e-6)
    assert row["SAND"] == data["SAND"].values[1]


def test_the_leap_day_lies_between_the_days_beside_it(data: xr.Dataset) -> None:
    """1 March is as far into the season as in other years."""
    days = np.arange("2000-01-01", "2001-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    leap = data.isel(time=slice(0, 366)).assign_coords(time=days)
    wave = features.daily(leap, slice(58, 61))[0, 0, :, -4:]  # 28 and 29 February, 1 March
    angle = 2 * np.pi * np.array([58, 58.5, 59]) / 365
    np.testing.assert_allclose(wave[:, 0], np.cos(angle), atol=1e-6)
    np.testing.assert_allclose(wave[:, 3], np.sin(2 * angle), atol=1e-6)


def test_what_is_never_fertilised_counts_the_whole_memory(data: xr.Dataset) -> None:
    none = features.daily(data, slice(DAY, DAY + 1))[1, 0, 0]
    assert none[features.NAMES.index("days since fertiliser")] == features.MEMORY


def test_the_first_days_see_the_first_rotation_before_them(data: xr.Dataset) -> None:
    early, late = features.daily(data, slice(0, 10)), features.daily(data, slice(730, 740))
    lagged = features.NAMES.index("FERTZR_N, sum of 730 days")
    np.testing.assert_allclose(early[..., lagged], late[..., lagged], atol=1e-3)
