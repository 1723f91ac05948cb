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
