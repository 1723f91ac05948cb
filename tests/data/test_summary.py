"""County means and seasonal cycles against sums done by hand; crops apart; thin years left out."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux import schema
from agroflux.data import summary
from agroflux.errors import SelectionError

YEARS = (2015, 2016)


def _units(name: str) -> dict[str, str]:
    return {"units": schema.get(name).unit}


@pytest.fixture
def ds() -> xr.Dataset:
    """Two counties, two rates, two noleap years; GPP is 1, 2 (county) x rate position + year offset."""
    days = pd.date_range("2015-01-01", "2016-12-31")
    days = days[~((days.month == 2) & (days.day == 29))]
    year = days.year.to_numpy()
    level = np.array([1.0, 2.0])[:, None, None] * np.array([1.0, 10.0])[None, :, None]
    gpp = level + (year == 2016)[None, None, :]
    crop = np.stack([(year == 2015), (year == 2016)]).astype(float)
    annual = np.arange(8.0).reshape(2, 2, 2)
    return xr.Dataset(
        {
            "GPP": (("site", "scenario", "time"), gpp, _units("GPP")),
            "N2O_FLUX": (("site", "scenario", "time"), gpp / 1000, _units("N2O_FLUX")),
            "TMAX": (("site", "time"), np.broadcast_to(crop * 10, crop.shape), _units("TMAX")),
            "CROP": (("site", "time"), crop, _units("CROP")),
            "SAND": (("site",), np.array([100.0, 200.0]), _units("SAND")),
            "Yield": (("site", "scenario", "year"), annual, _units("Yield")),
        },
        coords={
            "site": ["19001", "19003"],
            "scenario": ["n000", "n168"],
            "n_rate": ("scenario", [0.0, 168.0]),
            "time": days,
            "year": list(YEARS),
        },
        attrs={"calendar": "noleap", "kind": "simulation"},
    )


def test_a_flux_is_the_mean_of_yearly_sums(ds: xr.Dataset) -> None:
    means = summary.site_means(ds, "GPP", YEARS, 168.0)
    assert means.to_dict() == pytest.approx({"19001": 365 * 10.5, "19003": 365 * 20.5})
    assert summary.site_means(ds, "GPP", [2016], 0.0).to_dict() == pytest.approx({"19001": 730, "19003": 1095})
    assert summary.yearly_unit("GPP") == "g C m-2 yr-1"


def test_of_two_rotation_phases_the_first_is_shown_and_named(ds: xr.Dataset) -> None:
    assert summary.phase_shown(ds, 168.0) == "", "one scenario of the rate"
    assert summary.phase_shown(ds, None) == ""
    both = ds.assign_coords(n_rate=("scenario", [168.0, 168.0]), scenario=["n168-corn", "n168-soybean"])
    assert summary.phase_shown(both, 168.0) == "the first of 2 rotation phases, n168-corn"
    assert summary.site_means(both, "GPP", [2015], 168.0)["19001"] == pytest.approx(365)


def test_nitrogen_is_per_hectare(ds: xr.Dataset) -> None:
    assert summary.site_means(ds, "N2O_FLUX", [2015], 0.0)["19001"] == pytest.approx(0.365 * 10)
    assert summary.yearly_unit("N2O_FLUX") == "kg N ha-1 yr-1"


def test_states_are_means_annual_and_site_values_are_themselves(ds: xr.Dataset) -> None:
    assert summary.site_means(ds, "TMAX", YEARS)["19001"] == pytest.approx(5.0)
    assert summary.site_means(ds, "Yield", YEARS, 168.0).tolist() == [2.5, 6.5]
    assert summary.site_means(ds, "SAND", YEARS).tolist() == [100.0, 200.0]
    assert summary.yearly_unit("TMAX") == "degC"


def test_crops_are_kept_apart(ds: xr.Dataset) -> None:
    corn = summary.site_means(ds, "GPP", YEARS, 0.0, "corn")
    soy = summary.site_means(ds, "GPP", YEARS, 0.0, "soybean")
    assert corn.tolist() == pytest.approx([365 * 1.0, 365 * 3.0])
    assert soy.tolist() == pytest.approx([365 * 2.0, 365 * 2.0])
    assert np.isnan(summary.site_means(ds, "GPP", [2015], 0.0, "corn")["19003"])


def test_crops_are_those_of_the_rotation_that_is_shown(ds: xr.Dataset) -> None:
    both = ds.assign(CROP=xr.concat([ds["CROP"], 1 - ds["CROP"]], "scenario"))  # the second rate starts with the other
    first, second = (summary.corn_years(both, rate) for rate in (0.0, 168.0))
    assert first is not None and second is not None
    assert first.loc["19001"].to_dict() == {2015: 1, 2016: 0} and second.loc["19001"].to_dict() == {2015: 0, 2016: 1}
    alone = summary.site_means(both, "GPP", [2016], 168.0, "corn")
    assert np.isfinite(alone["19001"]) and np.isnan(alone["19003"])
    cycle = summary.seasonal_cycle(both, ["GPP"], ["19001"], [2016], 168.0)
    assert set(cycle["crop"]) == {"corn"}


def test_a_year_with_many_gaps_has_no_sum(ds: xr.Dataset) -> None:
    gaps = ds.copy(deep=True)
    gaps["GPP"].to_numpy()[0, :, :30] = np.nan
    means = summary.site_means(gaps, "GPP", [2015], 0.0)
    assert np.isnan(means["19001"]) and means["19003"] == pytest.approx(730)


@pytest.mark.parametrize(
    ("variable", "years", "rate", "crop", "named"),
    [
        ("ET", YEARS, 0.0, "both", "ET"),
        ("GPP", [1999], 0.0, "both", "1999"),
        ("GPP", [], 0.0, "both", "2015-2016"),
        ("GPP", YEARS, 99.0, "both", "99"),
        ("GPP", YEARS, None, "both", "rate"),
        ("GPP", YEARS, 0.0, "wheat", "wheat"),
    ],
)
def test_what_is_not_there_is_named(
    ds: xr.Dataset, variable: str, years: list[int], rate: float | None, crop: str, named: str
) -> None:
    with pytest.raises(SelectionError, match=named):
        summary.site_means(ds, variable, years, rate, crop)


def test_the_cycle_keeps_crops_apart_and_knows_the_calendar(ds: xr.Dataset) -> None:
    cycle = summary.seasonal_cycle(ds, ["GPP", "Yield"], ["19001"], YEARS, 0.0, smooth=1)
    assert set(cycle["variable"]) == {"GPP"}
    assert cycle.groupby("crop")["mean"].agg(["min", "max", "count"]).to_dict("index") == {
        "corn": {"min": 1.0, "max": 1.0, "count": 365},
        "soybean": {"min": 2.0, "max": 2.0, "count": 365},
    }


def test_the_cycle_spans_lowest_to_highest_year(ds: xr.Dataset) -> None:
    cycle = summary.seasonal_cycle(ds.drop_vars("CROP"), ["GPP"], ["19003"], YEARS, 0.0)
    assert set(cycle["crop"]) == {""} and set(cycle["n_years"]) == {2}
    assert cycle[["low", "mean", "high"]].drop_duplicates().to_numpy().tolist() == [[2.0, 2.5, 3.0]]


def test_an_unknown_site_is_named(ds: xr.Dataset) -> None:
    with pytest.raises(SelectionError, match="99999"):
        summary.seasonal_cycle(ds, ["GPP"], ["99999"], YEARS, 0.0)


def test_a_leap_year_in_a_standard_calendar_keeps_its_days_in_place() -> None:
    days = pd.date_range("2016-01-01", "2016-12-31")
    ds = xr.Dataset(
        {"NEE": (("site", "time"), np.arange(366.0)[None, :], _units("NEE"))},
        coords={"site": ["US-X"], "time": days},
        attrs={"calendar": "standard"},
    )
    cycle = summary.seasonal_cycle(ds, ["NEE"], ["US-X"], [2016], smooth=1)
    assert cycle["mean"].tolist() == [*np.arange(59.0), *np.arange(60.0, 366.0)], "1 March is day 60, as in any year"


def _towers(days: pd.DatetimeIndex, crop: np.ndarray, calendar: str = "standard") -> xr.Dataset:
    return xr.Dataset(
        {
            "GPP": (("site", "time"), np.ones((1, len(days))), _units("GPP")),
            "CROP": (("site", "time"), crop[None, :], _units("CROP")),
        },
        coords={"site": ["US-X"], "time": days},
        attrs={"calendar": calendar},
    )


def test_the_crop_of_a_year_is_told_within_it() -> None:
    days = pd.date_range("2009-08-01", "2011-05-31")
    crop = np.select([days.year == 2009, days.year == 2010], [1.0, 0.0], np.nan)
    crop[days >= "2011-03-01"] = 1.0  # known from planting on
    cycle = summary.seasonal_cycle(_towers(days, crop), ["GPP"], ["US-X"], [2009, 2010, 2011], smooth=1)
    held = cycle.dropna(subset=["mean"]).groupby("crop")["day"].agg(["min", "max"])
    assert held.loc["soybean"].tolist() == [1, 365], "all of 2010, and no day of 2009"
    corn = cycle[cycle["crop"] == "corn"].dropna(subset=["mean"])
    assert corn["day"].tolist() == [*range(1, 152), *range(213, 366)] and set(corn["n_years"]) == {2}


@pytest.mark.parametrize("every", [1, 7])
def test_chambers_visited_once_a_week_have_a_cycle_and_long_gaps_stay(every: int) -> None:
    days = pd.date_range("2015-04-01", "2015-06-30")
    ds = _towers(days, np.ones(len(days)))
    ds["GPP"][0, np.arange(len(days)) % every != 0] = np.nan
    ds["GPP"][0, 30:50] = np.nan
    held = summary.seasonal_cycle(ds, ["GPP"], ["US-X"], [2015]).dropna(subset=["mean"])["day"]
    assert held.min() >= 88 and held.max() <= 184
    assert len(held) > 60, "a value of a week stands for the three days about it"
    gap = set(range(91 + 33, 91 + 46))
    assert not gap & set(held), "three weeks without a value stay empty"


def test_a_year_is_as_long_as_it_is() -> None:
    days = pd.date_range("2015-01-01", "2016-12-31")
    ds = _towers(days, np.ones(len(days)))
    sums = [summary.site_means(ds, "GPP", [year]).item() for year in (2015, 2016)]
    assert sums == pytest.approx([365, 366])
    kept = ds.isel(time=np.flatnonzero(~((days.month == 2) & (days.day == 29))))
    assert summary.site_means(kept.assign_attrs(calendar="noleap"), "GPP", [2016]).item() == pytest.approx(365)


def test_one_crop_of_all_days_is_the_crop_of_every_year(ds: xr.Dataset) -> None:
    corn = ds.assign(CROP=("site", [1.0, 0.0], _units("CROP")))
    cycle = summary.seasonal_cycle(corn, ["GPP"], ["19001"], YEARS, 0.0)
    assert cycle["crop"].unique().tolist() == ["corn"]
    assert summary.site_means(corn, "GPP", YEARS, 0.0, crop="corn").notna().tolist() == [True, False]


def test_a_column_without_a_value_has_no_cycle(ds: xr.Dataset) -> None:
    empty = ds.assign(GPP=ds["GPP"].where(False))
    cycles = summary.seasonal_cycle(empty, ["GPP"], ["19001"], YEARS, 0.0)
    assert cycles.empty and "mean" in cycles.columns


def test_a_few_missing_days_are_taken_for_the_mean_of_the_others(ds: xr.Dataset) -> None:
    gaps = ds.copy(deep=True)
    gaps["GPP"].to_numpy()[0, :, :10] = np.nan
    assert summary.site_means(gaps, "GPP", [2015], 0.0)["19001"] == pytest.approx(365)


def test_the_crop_of_a_year_is_that_of_its_summer() -> None:
    days = pd.date_range("2010-01-01", "2010-12-31")
    crop = np.where(days < "2010-05-01", 0.0, 1.0)  # told from planting to planting
    cycle = summary.seasonal_cycle(_towers(days, crop), ["GPP"], ["US-X"], [2010])
    assert set(cycle["crop"]) == {"corn"}
