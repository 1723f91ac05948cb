"""Counts by site-year: what the rows and the counties say of a simulation worked out beside them."""

import numpy as np
import pytest
import xarray as xr

from agroflux import schema
from agroflux.data import windows
from agroflux.evaluation import metrics, peaks, tally
from tests.synthetic_contract import tiny

YEARS = (2003, 2004)
N2O = schema.TARGETS.index("N2O_FLUX")


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return tiny(4, 2, 5)


def warped(block: xr.Dataset, days: slice) -> np.ndarray:
    """A simulation that is right but for a factor of 0.9 and annual values on their day alone."""
    return 0.9 * windows.targets(block, days=days)


@pytest.fixture(scope="module")
def counted(data: xr.Dataset) -> tally.Tally:
    return tally.count(data, YEARS, schema.TARGETS, warped)


def test_rows_pool_days_and_count_annual_targets_once_a_year(data: xr.Dataset, counted: tally.Tally) -> None:
    rows = {row["target"]: row for row in tally.rows(counted, {"model": "warped"})}
    assert rows["Yield"]["n"] == 4 * 2 * 2
    late = windows.targets(data, days=windows.span(data, YEARS))
    for k, name in enumerate(schema.TARGETS):
        want = metrics.score(late[..., k], 0.9 * late[..., k])
        assert {key: rows[name][key] for key in want} == pytest.approx(want, rel=1e-5)
        assert rows[name]["mae_low"] <= rows[name]["mae"] <= rows[name]["mae_high"]
    assert rows["GPP"]["rmse_high"] > 1.01 * rows["GPP"]["rmse_low"]
    n2o = late[..., N2O]
    above = np.percentile(n2o, 90)
    assert rows["N2O_FLUX"]["peak_threshold"] == pytest.approx(above)
    assert rows["N2O_FLUX"]["peak_hit_rate"] == pytest.approx((0.9 * n2o > above).sum() / (n2o > above).sum())
    assert rows["N2O_FLUX"]["peak_false_alarm_ratio"] == 0.0


def test_each_county_has_the_scores_of_its_own_days(data: xr.Dataset, counted: tally.Tally) -> None:
    each = tally.counties(counted)
    assert list(each) == list(schema.TARGETS)
    one = data["ET"].isel(site=2, time=slice(3 * 365, None)).values
    want = metrics.score(one, 0.9 * one)
    for name in tally.COUNTY_METRICS:
        assert each["ET"][name][2] == pytest.approx(want[name], rel=1e-4)


def test_blocks_change_nothing(data: xr.Dataset, counted: tally.Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "SITE_BLOCK", 3)
    again = tally.count(data, YEARS, schema.TARGETS, warped)
    for row, before in zip(tally.rows(again, {}), tally.rows(counted, {}), strict=True):
        assert row == pytest.approx(before)
    assert again.site_years == 4 * 2 * 2
    assert set(again.peaks) == set(peaks.TARGETS)


def test_intervals_are_the_same_every_time_and_draw_whole_site_years(data: xr.Dataset, counted: tally.Tally) -> None:
    assert tally.rows(counted, {}) == tally.rows(counted, {})
    one = tally.count(data.isel(site=[0]), (2003,), schema.TARGETS, warped)
    for row in tally.rows(one, {}):  # one cluster: nothing to draw, and no interval of width 0
        assert all(np.isnan(value) for name, value in row.items() if name.endswith(("_low", "_high")))
        assert np.isfinite(row["rmse"])
