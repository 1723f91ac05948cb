"""Days added up by month and year: nothing lost, nothing filled, nothing read twice."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux.emissions import question
from agroflux.emissions.assess import Assessment
from agroflux.emissions.fluxes import crop_fluxes, monthly_fluxes
from agroflux.emissions.question import Sources
from agroflux.emissions.sums import CROP, by_month, sums, whole_years
from agroflux.errors import DataError

Rotation = Callable[..., xr.Dataset]


def test_months_and_years_are_sums_of_their_days(rotation: Rotation) -> None:
    daily = np.random.default_rng(0).random((3, 2, 1460))
    found = sums(rotation(n2o=daily))
    january_2014 = daily[1, 1, 365:396].sum() * 10  # g m-2 to kg ha-1
    assert float(found[by_month("n2o")][1, 1, 1, 0]) == pytest.approx(january_2014)
    assert float(found["n2o"][1, 1, 3]) == pytest.approx(daily[1, 1, 1095:].sum() * 10)
    assert float(found["harvest"][0, 1, 0]) == pytest.approx(4.0)  # annual already: 400 g C m-2
    assert by_month("harvest") not in found
    assert found["n2o"].attrs["units"] == "kg N2O-N ha-1 yr-1"
    assert found[CROP].sel(site="17019").to_numpy()[0].tolist() == [0, 1, 0, 1]


def test_a_missing_day_leaves_its_month_and_its_year_without_a_sum(rotation: Rotation) -> None:
    ds = rotation()
    ds["NEE"][0, 1, 40] = np.nan  # 10 February 2013
    found = sums(ds)
    assert np.isnan(found[by_month("nee")][0, 1, 0]).to_numpy().tolist() == [False, True] + [False] * 10
    assert np.isnan(found["nee"][0, 1]).to_numpy().tolist() == [True, False, False, False]


def test_years_that_are_not_whole_are_left_out(rotation: Rotation) -> None:
    found = sums(rotation().isel(time=slice(0, 1000)).isel(year=slice(0, 2)))
    assert found["year"].to_numpy().tolist() == [2013, 2014]


@pytest.mark.parametrize("name", ["N2O_FLUX", "NEE", "Yield"])
def test_a_variable_that_is_the_same_in_all_scenarios_may_lack_them(rotation: Rotation, name: str) -> None:
    ds = rotation()
    alike = ds.assign({name: ds[name].isel(scenario=1)})
    xr.testing.assert_identical(sums(alike).isel(scenario=1), sums(ds).isel(scenario=1))
    assert float(sums(alike)["n2o"][0, 0, 0]) == pytest.approx(3.65 if name == "N2O_FLUX" else 0.365)


def test_fluxes_are_the_same_from_days_and_from_their_sums(rotation: Rotation) -> None:
    ds = rotation().isel(scenario=[1])
    for made in (crop_fluxes, monthly_fluxes):
        xr.testing.assert_identical(made(ds, [2013, 2014]), made(sums(ds), [2013, 2014]))


def test_a_county_whose_crop_is_not_told_refuses_its_own_questions_alone(
    rotation: Rotation, facts: pd.DataFrame, answer_of: Callable[..., Assessment]
) -> None:
    ds = rotation()
    ds["CROP"][2, 10] = np.nan
    assert len(answer_of(ds, facts, counties=("19153",)).totals.crops) == 2
    with pytest.raises(DataError, match="CROP changes or is missing within 2013"):
        answer_of(ds, facts, counties=("19153", "17019"))


def test_sources_add_days_up_once(rotation: Rotation, monkeypatch: pytest.MonkeyPatch) -> None:
    ds, calls = rotation(), []

    def counted(*args: Any) -> xr.Dataset:
        calls.append(args)
        return sums(*args)

    monkeypatch.setattr(question, "sums", counted)
    sources = Sources("made", lambda rate: ds, (0.0, 168.0), {"made": ds}, "made")
    every = sources.sums(168.0)
    assert float(every["n2o"][0, 0, 0]) == pytest.approx(3.65)
    xr.testing.assert_identical(sources.sums(168.0, "made"), every)
    assert set(sources.sums(168.0, quantities=("n2o", "harvest"))) == {CROP, "n2o", by_month("n2o"), "harvest"}
    assert float(sources.sums(0.0, quantities=("n2o",))["n2o"][0, 0, 0]) == pytest.approx(0.365)
    assert len(calls) == 2


def test_a_leap_year_without_one_of_its_days_is_not_whole(rotation: Rotation) -> None:
    assert whole_years(rotation()) == [2013, 2014, 2015, 2016]
    lacking = rotation(calendar="standard")  # 29 February 2016 is a day of this calendar, and is not there
    assert whole_years(lacking) == [2013, 2014, 2015]
    assert sums(lacking)["year"].to_numpy().tolist() == [2013, 2014, 2015]
