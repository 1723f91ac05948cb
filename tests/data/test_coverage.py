"""Coverage and gaps of a record, counted by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux import schema
from agroflux.data import catalog, coverage
from agroflux.errors import SelectionError


def test_months_and_gaps_by_hand(tiny_observation: xr.Dataset) -> None:
    ds = tiny_observation.copy(deep=True)  # 1 February to 31 March 2016
    ds["NEE"][0, :10] = np.nan
    ds["NEE"][0, 20:30] = np.nan  # 21 February to 1 March
    ds["NEE"][0, 40] = np.nan
    shares = coverage.by_month(ds, "US-Xx1")
    assert list(shares.columns) == ["NEE"], "companions are no variables of their own"
    assert shares["NEE"].tolist() == pytest.approx([10 / 29, 29 / 31])
    (gap,) = coverage.gaps(ds, "US-Xx1").itertuples(index=False)
    assert (gap.variable, gap.first, gap.last, gap.days) == (
        "NEE", pd.Timestamp("2016-02-21"), pd.Timestamp("2016-03-01"), 10,
    )  # fmt: skip


def test_a_noleap_simulation_is_whole() -> None:
    ds = catalog.open_dataset("cornbelt-century")
    site = str(ds["site"].to_numpy()[0])
    shares = coverage.by_month(ds[["TMAX", "GPP"]], site)
    assert (shares == 1).all(axis=None) and coverage.gaps(ds[["GPP"]], site).empty
    with pytest.raises(SelectionError, match="no site nowhere"):
        coverage.by_month(ds, "nowhere")


def test_all_drivers_are_there_only_where_no_site_lacks_one_on_any_day() -> None:
    daily = xr.DataArray(np.ones((2, 10)), dims=("site", "time"))
    ds = xr.Dataset(dict.fromkeys(schema.DRIVERS, daily)).assign(SOC=daily[:, 0])
    assert coverage.has_all_drivers(ds)
    assert not coverage.has_all_drivers(ds.drop_vars("CROP"))
    gap = daily.copy()
    gap[1, 9] = np.nan
    assert not coverage.has_all_drivers(ds.assign(FERTZR_N=gap))


def test_a_day_is_without_weather_where_temperature_and_rain_are_unknown_or_not_recorded() -> None:
    time = pd.date_range("2016-02-28", "2016-03-02")
    tmax, rain = np.full((4, 2), 20.0), np.full((4, 2), np.nan)
    tmax[1:3, 0], rain[2, 0] = np.nan, 0.0
    variables = {"TMAX": (("time", "site"), tmax), "PRECN": (("time", "site"), rain)}
    ds = xr.Dataset(variables, coords={"time": time, "site": ["a", "b"]})
    days = ["2016-03-02", "2016-03-01", "2016-02-29", "2016-03-03"]
    rows = pd.DataFrame({"site": ["a"] * 4 + ["b", "elsewhere"], "time": pd.to_datetime([*days, *days[2:]])})
    assert coverage.without_weather(ds, rows).tolist() == [False, False, True, True, False, False]
    assert not coverage.without_weather(ds[[]], rows).any(), "nothing is known of its weather"
