"""Alignment, aggregation, running totals, residuals and scores of series side by side."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from agroflux import schema
from agroflux.data import summary
from agroflux.errors import SelectionError
from agroflux.evaluation import compare

DAYS = pd.date_range("2015-01-01", "2016-12-31", freq="D")
NOLEAP = DAYS[~((DAYS.month == 2) & (DAYS.day == 29))]


def _array(values: np.ndarray, days: pd.DatetimeIndex, sites: tuple[str, ...] = ("17019",)) -> xr.DataArray:
    values = np.broadcast_to(np.asarray(values, dtype=float), (len(sites), len(days)))
    return xr.DataArray(values, dims=("site", "time"), coords={"site": list(sites), "time": days})


def _frame(**columns: np.ndarray) -> pd.DataFrame:
    return compare.table({name: _array(values, DAYS) for name, values in columns.items()})


def test_table_joins_two_calendars_and_29_february_is_not_common() -> None:
    frame = compare.table(
        {"noleap": _array(np.arange(len(NOLEAP)), NOLEAP), "standard": _array(np.arange(len(DAYS)), DAYS)}
    )
    assert len(frame) == 731
    kept, left_out = compare.common(frame, "standard")
    assert len(kept) == 730 and left_out == []
    assert pd.Timestamp("2016-02-29") not in kept.index.get_level_values("time")
    # The day after the leap day is the same day in both, not shifted by one.
    after = kept.loc[("17019", pd.Timestamp("2016-03-01"))]
    assert (after["noleap"], after["standard"]) == (365 + 59, 365 + 60)


def test_table_takes_years_and_refuses_an_unchosen_scenario() -> None:
    annual = xr.DataArray([[1.0, 2.0]], dims=("site", "year"), coords={"site": ["17019"], "year": [2015, 2016]})
    frame = compare.table({"Yield": annual})
    assert frame.index.get_level_values("time").year.tolist() == [2015, 2016]
    with pytest.raises(SelectionError, match="scenario"):
        compare.table({"GPP": annual.expand_dims(scenario=["n000"])})


def test_a_source_without_overlap_is_left_out_by_name_and_does_not_empty_the_rest() -> None:
    values = np.arange(len(DAYS), dtype=float)
    frame = _frame(seen=values, model=values + 1, elsewhere=np.full(len(DAYS), np.nan))
    kept, left_out = compare.common(frame, "seen")
    assert left_out == ["elsewhere"]
    assert list(kept.columns) == ["seen", "model"] and len(kept) == len(DAYS)
    with pytest.raises(SelectionError, match="nobody"):
        compare.common(frame, "nobody")


def test_common_drops_every_day_that_one_source_lacks() -> None:
    seen, model = np.ones(len(DAYS)), np.ones(len(DAYS))
    seen[:10], model[5:20] = np.nan, np.nan
    kept, _ = compare.common(_frame(seen=seen, model=model), "seen")
    assert len(kept) == len(DAYS) - 20


def test_a_month_needs_four_fifths_of_its_days() -> None:
    values = np.ones(len(DAYS))
    values[:6] = np.nan  # 25 of 31 January days: 0.806
    values[31:37] = np.nan  # 22 of 28 February days: 0.786
    monthly = compare.aggregate(_frame(a=values, b=np.ones(len(DAYS))), "monthly")
    january, february = monthly["a"].iloc[:2]
    assert january == 1.0 and np.isnan(february)
    assert monthly["b"].iloc[:2].tolist() == [1.0, 1.0]


def test_weeks_start_on_monday_and_a_cut_week_is_no_week() -> None:
    weekly = compare.aggregate(_frame(a=np.arange(len(DAYS), dtype=float)), "weekly")
    time = pd.DatetimeIndex(weekly.index.get_level_values("time"))
    assert set(time.day_of_week) == {0}
    # 1 January 2015 was a Thursday: the first whole week starts on the 5th (values 4 to 10).
    assert time[0] == pd.Timestamp("2015-01-05") and weekly["a"].iloc[0] == 7.0


def test_a_year_of_a_flux_is_its_total_and_of_a_state_its_mean() -> None:
    frame = _frame(a=np.full(len(DAYS), 2.0))
    gpp, nitrogen, soil = map(schema.get, ("GPP", "N2O_FLUX", "WTR_1"))
    assert compare.aggregate(frame, "annual", year=compare.yearly(gpp))["a"].tolist() == [730.0, 730.0]
    assert compare.aggregate(frame, "annual", year=compare.yearly(nitrogen))["a"].tolist() == [7300.0, 7300.0]
    assert compare.aggregate(frame, "annual", year=compare.yearly(soil))["a"].tolist() == [2.0, 2.0]
    assert compare.unit(schema.get("GPP"), "annual") == "g C m-2 yr-1"
    assert compare.unit(schema.get("GPP"), "monthly") == "g C m-2 d-1"
    assert compare.unit(schema.get("WTR_1"), "annual") == "m3 m-3"
    assert compare.unit(schema.get("N2O_FLUX"), "annual") == "kg N ha-1 yr-1"


def test_a_year_is_the_same_on_a_figure_and_on_the_map() -> None:
    """One county of 365 days: the mean of its annual values is the value that the map has."""
    ds = xr.Dataset({name: _array(np.linspace(0, 1, len(NOLEAP)), NOLEAP) for name in ("N2O_FLUX", "GPP", "ET")})
    for name in map(str, ds.data_vars):
        known = schema.get(name)
        on_map = summary.site_means(ds.assign_attrs(calendar="noleap"), name, [2015, 2016])
        years = compare.aggregate(compare.table({"a": ds[name]}), "annual", year=compare.yearly(known))
        assert years["a"].mean() == pytest.approx(on_map["17019"])
        assert compare.unit(known, "annual") == summary.yearly_unit(name)


@given(st.sampled_from(["weekly", "monthly", "annual"]), st.floats(-100, 100))
def test_aggregating_a_constant_gives_the_constant(how: compare.Aggregation, value: float) -> None:
    got = compare.aggregate(_frame(a=np.full(len(DAYS), value)), how)["a"].dropna()
    assert len(got) and np.allclose(got, value)


def test_regular_puts_a_gap_where_days_are_missing_but_not_on_29_february() -> None:
    series = compare.site_mean(compare.table({"a": _array(np.arange(len(NOLEAP)), NOLEAP)}))
    assert not compare.regular(series, "daily")["a"].isna().any()
    holed = series.drop(series.index[100:103])
    filled = compare.regular(holed, "daily")
    assert filled["a"].isna().sum() == 3 and len(filled) == len(series)


def test_site_mean_needs_half_of_the_sites() -> None:
    frame = compare.table({"a": _array(np.ones(len(DAYS)), DAYS, ("s1", "s2", "s3"))}).copy()
    frame.loc[(["s1", "s2"], DAYS[0]), "a"] = np.nan
    frame.loc[("s1", DAYS[1]), "a"] = np.nan
    mean = compare.site_mean(frame)["a"]
    assert np.isnan(mean.iloc[0]) and mean.iloc[1] == 1.0 and len(mean) == len(DAYS)
    assert compare.fewest(frame) == 2 and compare.fewest(frame.loc[(slice(None), DAYS[2:]), :]) == 3


def test_seasonal_cycle_averages_the_same_day_of_every_year() -> None:
    values = np.where(DAYS.year == 2015, 1.0, 3.0)
    cycle = compare.seasonal(_frame(a=values), "daily")
    assert len(cycle) == 365 and (cycle["a"] == 2.0).all()
    doy = compare.seasonal(_frame(a=NOLEAP_DOY), "daily")["a"].to_numpy()
    assert doy.tolist() == list(range(1, 366))
    assert len(compare.seasonal(_frame(a=values), "monthly")) == 12
    summer = np.where((DAYS.month > 4) & (DAYS.month < 10), 1.0, np.nan)
    weeks = compare.seasonal(_frame(a=summer), "weekly")["a"]
    assert len(weeks) == 53 and np.isnan(weeks.iloc[0]) and weeks.notna().sum() == 22


#: Day of the year counted without 29 February, on the standard calendar (29 February itself is absurd).
NOLEAP_DOY = np.where(
    (DAYS.month == 2) & (DAYS.day == 29), 1e9, DAYS.day_of_year - ((DAYS.year == 2016) & (DAYS.month > 2))
)


def test_running_total_restarts_each_year_or_not() -> None:
    frame = _frame(a=np.ones(len(DAYS)))
    yearly = compare.cumulative(frame)["a"]
    assert yearly[pd.Timestamp("2015-12-31")] == 365 and yearly[pd.Timestamp("2016-01-01")] == 1
    assert compare.cumulative(frame, restart=False)["a"].iloc[-1] == 731


def test_residuals_are_source_minus_reference() -> None:
    frame = _frame(seen=np.ones(len(DAYS)), model=np.full(len(DAYS), 3.0))
    found = compare.residuals(frame, "seen")
    assert list(found.columns) == ["model"] and (found["model"] == 2.0).all()
    boxes = compare.by_month(found)
    assert boxes.loc[("model", 7), "q50"] == 2.0 and len(boxes) == 12


def test_scores_pool_sites_and_list_each() -> None:
    rng = np.random.default_rng(3)
    seen = rng.normal(size=(2, len(DAYS)))
    model = seen + np.array([[0.0], [2.0]])  # exact at one site, 2 too high at the other
    frame = compare.table({"seen": _array(seen, DAYS, ("s1", "s2")), "model": _array(model, DAYS, ("s1", "s2"))})
    got = compare.scores(frame, "seen", by_site=True).set_index("site")
    assert got["n"].tolist() == [1462, 731, 731]
    assert got["bias"].tolist() == pytest.approx([1.0, 0.0, 2.0])
    assert got.loc["s1", "nse"] == pytest.approx(1.0) and got.loc["s2", "rmse"] == pytest.approx(2.0)


def test_spread_over_sites() -> None:
    sites = tuple(f"s{i}" for i in range(11))
    values = np.arange(11.0)[:, None] * np.ones(len(DAYS))
    band = compare.spread(compare.table({"a": _array(values, DAYS, sites)}), "a")
    assert band.iloc[0].tolist() == [5.0, 1.0, 9.0, 11.0]


def test_download_carries_units_and_names() -> None:
    frame = _frame(Measured=np.ones(len(DAYS)))
    ds = compare.dataset(frame, schema.get("GPP"), "daily", {"Measured": "GPP_measured"}, {"n_rate_kg_n_ha": 168.0})
    assert ds.attrs["n_rate_kg_n_ha"] == 168.0 and ds.attrs["aggregation"] == "daily"
    assert ds["GPP_measured"].attrs["units"] == "g C m-2 d-1" and ds["GPP_measured"].dims == ("site", "time")


def test_thin_is_reproducible_and_never_invents_rows() -> None:
    frame = _frame(a=np.arange(len(DAYS), dtype=float))
    few = compare.thin(frame, 50)
    assert len(few) == 50 and few.equals(compare.thin(frame, 50)) and few["a"].isin(frame["a"]).all()
    assert compare.thin(frame, 10_000) is frame


def test_half_of_the_sites_are_enough_for_a_mean() -> None:
    frame = compare.table({"a": _array(np.ones(len(DAYS)), DAYS, ("s1", "s2"))}).copy()
    frame.loc[("s1", DAYS[0]), "a"] = np.nan
    assert compare.site_mean(frame)["a"].iloc[0] == 1.0 and compare.fewest(frame) == 1
