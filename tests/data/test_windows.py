"""Arrays of drivers and targets, and the days a model is warmed up on."""

import numpy as np
import pytest
import xarray as xr

from agroflux import schema
from agroflux.data import windows
from agroflux.errors import DataError, SelectionError
from tests.synthetic_contract import tiny


def test_drivers_are_broadcast_and_not_copied() -> None:
    ds = tiny(2, 3, 2)
    found = windows.drivers(ds)
    assert found.names == schema.DRIVERS
    assert found.shape == (2, 3, 730)
    weather, soil = found.views[0], found.views[schema.DRIVERS.index("SAND")]
    assert weather.strides[1] == 0 and soil.strides[1:] == (0, 0)
    np.testing.assert_array_equal(weather[1, 2], ds["TMAX"].values[1])
    assert soil[1, 2, 700] == ds["SAND"].values[1]


@pytest.mark.parametrize("days", [slice(100, 400), np.array([5, 4, 3, 729])])
def test_gather_takes_pairs_of_site_and_scenario(days: slice | np.ndarray) -> None:
    ds = tiny(2, 3, 2)
    batch = windows.drivers(ds).gather(np.array([1, 0]), np.array([2, 0]), days)
    k = schema.DRIVERS.index("FERTZR_N")
    np.testing.assert_array_equal(batch[0, :, k], ds["FERTZR_N"].values[1, 2][days])
    np.testing.assert_array_equal(batch[1, :, 0], ds["TMAX"].values[0][days])


def test_management_that_differs_by_scenario_is_kept_apart() -> None:
    ds = tiny(2, 2, 2)
    ds["CROP"] = ds["CROP"].expand_dims(scenario=ds["scenario"]).copy(deep=True)
    ds["CROP"][1] = 1.0 - ds["CROP"][1]
    k = schema.DRIVERS.index("CROP")
    batch = windows.drivers(ds).gather(np.array([0, 0]), np.array([0, 1]), slice(0, 3))
    assert (batch[0, :, k] + batch[1, :, k]).tolist() == [1, 1, 1]


def test_annual_targets_stand_on_the_last_day_only() -> None:
    ds = tiny(2, 2, 3)
    part = windows.targets(ds, days=windows.span(ds, [2001, 2002]))
    k = schema.TARGETS.index("Yield")
    assert np.flatnonzero(np.isfinite(part[0, 0, :, k])).tolist() == [364, 729]
    np.testing.assert_array_equal(part[:, :, [364, 729], k], ds["Yield"].sel(year=[2001, 2002]).values)
    np.testing.assert_array_equal(part[..., schema.TARGETS.index("GPP")], ds["GPP"].values[:, :, 365:])


def test_a_year_that_is_cut_off_has_no_annual_value() -> None:
    ds = tiny(1, 1, 2).isel(time=slice(0, 700))
    assert list(windows.calendar_years(ds)) == [2000]
    values = windows.targets(ds)[..., schema.TARGETS.index("Yield")]
    assert np.isfinite(values).sum() == 1


def test_what_is_missing_is_named() -> None:
    ds = tiny(1, 1, 2)
    with pytest.raises(DataError, match="PRECN"):
        windows.drivers(ds.drop_vars("PRECN"))
    gap = ds.copy(deep=True)
    gap["TMIN"][0, 7] = np.nan
    with pytest.raises(DataError, match="TMIN"):
        windows.drivers(gap)
    with pytest.raises(SelectionError, match=r"2007.*2000-2001"):
        windows.span(ds, [2001, 2007])
    assert np.isnan(windows.targets(ds.drop_vars("GPP"))[..., schema.TARGETS.index("GPP")]).all()


def test_warm_up_takes_the_days_before_and_repeats_the_rotation_in_phase() -> None:
    assert windows.warm_positions(800, 3, 2190).tolist() == [797, 798, 799]
    crop = np.arange(2190) // 365 % 2
    warm = windows.warm_positions(0, 730, 2190)
    assert crop[warm].tolist() == crop[730:1460].tolist()
    assert (warm % 365).tolist() == (np.arange(730) % 365).tolist()
    half = windows.warm_positions(365, 730, 2190)
    assert crop[half].tolist() == [1] * 365 + [0] * 365
    assert windows.warm_positions(0, 3, 400).tolist() == [362, 363, 364]
    assert windows.warm_positions(2, 5, 100).tolist() == [0, 1]


def test_an_annual_target_of_an_observation_has_no_scenario() -> None:
    ds = tiny(2, 1, 2).isel(scenario=0, drop=True)
    found = windows.targets(ds, ("Yield",))
    np.testing.assert_array_equal(found[:, 0, [364, 729], 0], ds["Yield"].values.astype(np.float32))


@pytest.mark.parametrize(
    ("calendar", "day", "since"),
    [
        ("noleap", "2016-01-01", 0),
        ("noleap", "2016-02-28", 58),
        ("noleap", "2016-03-01", 59),
        ("noleap", "2016-12-31", 364),
        ("noleap", "2017-02-28", 58),
        ("noleap", "2017-03-01", 59),
        ("standard", "2016-02-28", 58),
        ("standard", "2016-02-29", 59),
        ("standard", "2016-03-01", 60),
        ("standard", "2016-12-31", 365),
        ("standard", "2017-02-28", 58),
        ("standard", "2017-03-01", 59),
    ],
)
def test_days_since_1_january_are_those_of_the_calendar(calendar: str, day: str, since: int) -> None:
    time = np.array([day], "datetime64[ns]")
    assert windows.day_of_year(xr.Dataset(coords={"time": time}, attrs={"calendar": calendar}), 0) == since
