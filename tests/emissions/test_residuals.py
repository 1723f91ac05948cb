"""Scores of held-out blocks, and the coverage of what they promise: on made errors whose answer is known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from agroflux.emissions.coverage import CURVE, Coverage, measure
from agroflux.emissions.fluxes import yearly_fluxes
from agroflux.emissions.residuals import blocks, fit, held_out_years
from agroflux.errors import SelectionError

Rotation = Callable[..., xr.Dataset]
YEARS = {"validate": (2015, 2016, 2017), "test": (2018, 2019, 2020)}


def _table(year_sd: float, county_sd: float, seed: int = 0, counties: int = 60) -> pd.DataFrame:
    """Blocks whose errors are proportional to the prediction: a year's part and a county's."""
    rng = np.random.default_rng(seed)
    rows = []
    for year in range(2015, 2021):
        common = rng.normal(0, year_sd)
        for county in range(counties):
            predicted = rng.uniform(2, 8)
            error = (common + rng.normal(0, county_sd)) * predicted
            crop = "corn" if (county + year) % 2 else "soybean"
            rows.append((f"{county:05d}", crop, year, "n2o", predicted + error, predicted))
    return pd.DataFrame(rows, columns=["fips", "crop", "year", "quantity", "simulated", "predicted"])


def test_held_out_years_are_those_no_weight_has_seen() -> None:
    split = {"train": [2013, 2014], "validate": [2015], "test": [2016, 2017], "scaler": [2013, 2014, 2015]}
    # scalers that saw the validation year spoil it
    assert held_out_years(split, range(2013, 2018)) == {"validate": (), "test": (2016, 2017)}
    with pytest.raises(SelectionError, match="fewer than two years"):
        held_out_years(split, [2013, 2014, 2017])
    with pytest.raises(SelectionError, match="fewer than two years that the model kept for its validation and test"):
        held_out_years({}, [2016, 2017])


def test_earlier_years_are_held_out_where_the_model_did_not_see_them() -> None:
    split = {"train": [1999, 2000], "validate": [2001], "test": [2002], "scaler": [1999, 2000]}
    found = held_out_years(split, range(2000, 2003), range(1997, 2000))
    assert found == {"earlier": (1997, 1998), "validate": (2001,), "test": (2002,)}
    with pytest.raises(SelectionError, match="fewer than two years"):
        held_out_years(split, [2000], range(1997, 2000))


def test_blocks_are_annual_sums_of_the_crop_that_grows(rotation: Rotation) -> None:
    ds = rotation().isel(scenario=[1])
    model = ds.assign(N2O_FLUX=(ds["N2O_FLUX"] * 1.1).assign_attrs(ds["N2O_FLUX"].attrs))
    table = blocks(yearly_fluxes(ds, [2013, 2014]), model, [2013, 2014]).set_index(["quantity", "fips", "year"])
    # Polk grows corn in 2013: 0.365 g m-2 = 3.65 kg ha-1
    row = table.loc[("n2o", "19153", 2013)]
    assert (row["crop"], row["simulated"], row["predicted"]) == ("corn", pytest.approx(3.65), pytest.approx(4.015))
    balance = table.loc[("necb", "19153", 2013)]
    assert balance["simulated"] == pytest.approx(3.65 - 4.0)
    assert len(table.loc["n2o"]) == 6


def test_the_parts_of_an_error_are_found() -> None:
    few = fit(_table(0.0, 0.2)).crops["corn"]
    much = fit(_table(0.3, 0.05)).crops["corn"]
    sigma = few.sigma(np.array([5.0]))[0]
    assert few.within.std() * sigma == pytest.approx(0.2 * 5, rel=0.15)
    assert few.year_scale < 0.3 * few.within.std()
    assert much.year_scale > 3 * much.within.std()
    assert few.weights.sum() == pytest.approx(1)


def test_a_constant_bias_counts_as_error_of_every_sum() -> None:
    table = _table(0.0, 0.05)
    table["simulated"] += 0.3 * table["predicted"]
    one = fit(table).crops["corn"]
    assert one.year_scale * one.sigma(np.array([5.0]))[0] == pytest.approx(1.5, rel=0.1)


@pytest.mark.parametrize(("year_sd", "county_sd"), [(0.0, 0.2), (0.1, 0.1), (0.25, 0.05)])
def test_stated_coverage_is_met_on_average(year_sd: float, county_sd: float) -> None:
    areas = {(f"{c:05d}", crop): 1000.0 for c in range(60) for crop in ("corn", "soybean")}
    states = {f"{c:05d}": "IA" if c < 30 else "IL" for c in range(60)}
    found = [
        measure(_table(year_sd, county_sd, seed), "n2o", YEARS, areas, states, seed=seed).share() for seed in range(8)
    ]
    mean = pd.DataFrame(found).mean()
    assert mean["0.8"] == pytest.approx(0.8, abs=0.07)
    assert mean["0.5"] == pytest.approx(0.5, abs=0.09)
    assert mean["0.95"] > 0.9


def test_the_summary_tells_how_and_on_what() -> None:
    areas = {(f"{c:05d}", crop): 1000.0 for c in range(60) for crop in ("corn", "soybean")}
    coverage = measure(_table(0.1, 0.1), "n2o", YEARS, areas, {f"{c:05d}": "IA" for c in range(60)})
    told = coverage.summary()
    assert set(told["coverage"]) == {"0.5", "0.8", "0.95"}
    assert told["county_years"] == 360
    assert set(told["coverage_80_by_year"]) == set(range(2015, 2021))
    assert told["coverage_of_sums"]["region"]["n"] == 6
    assert told["held_out_years"] == {"validate": [2015, 2016, 2017], "test": [2018, 2019, 2020]}
    assert "other counties" in told["how"]
    curve = coverage.curve()
    assert curve["nominal"].tolist() == list(CURVE)
    assert curve["measured"].is_monotonic_increasing


def test_independent_days_would_promise_too_much_for_sums() -> None:
    """The year effect is what makes the interval of a sum wide: without it, most sums would fall outside."""
    table = _table(0.2, 0.1)
    residuals = fit(table)
    predicted = table.loc[table["year"] == 2015, "predicted"].to_numpy()
    crops = table.loc[table["year"] == 2015, "crop"].to_numpy(str)
    together = residuals.errors(np.random.default_rng(0), predicted, crops, 4000)
    apart = np.sqrt((together.std(axis=0) ** 2).sum())
    assert together.sum(axis=1).std() > 3 * apart


def test_too_little_to_measure_is_said() -> None:
    table = _table(0.1, 0.1)
    with pytest.raises(SelectionError, match="two held-out years"):
        measure(table[table["year"] == 2015], "n2o", YEARS, {}, {})
    with pytest.raises(SelectionError, match="no held-out county"):
        fit(table.iloc[:0])


def test_a_crop_that_grows_in_one_held_out_year_alone_cannot_be_judged() -> None:
    """All counties in one phase: corn in 2015, soybean in 2016."""
    table = _table(0.1, 0.1)
    table = table[table["year"] < 2017].assign(crop=lambda t: np.where(t["year"] == 2015, "corn", "soybean"))
    with pytest.raises(SelectionError, match="corn of 2015 grows in other counties in no other held-out year"):
        measure(table, "n2o", YEARS, {}, {})


def test_the_summary_says_which_part_of_which_models_interval_was_held_against_what() -> None:
    found = measure(_table(0.1, 0.1), "n2o", YEARS, {}, {f"{c:05d}": "IA" for c in range(60)})
    found = replace(found, model="lstm", data="one", learned_from="one+two")
    told = found.summary()
    assert (told["model"], told["data"], told["learned_from"]) == ("lstm", "one", "one+two")
    assert "the model-error part of the interval, for single years" in told["how"]
    assert told["how"].endswith("The truth here is one, the simulator that lstm learned from.")
    other = replace(found, data="three").summary()["how"]
    assert other.endswith("The truth here is three; lstm learned from other data (one+two).")
    mean = replace(found, data="three", against=("one", "two")).summary()["how"]
    assert mean.endswith("The truth here is the mean of one and two, the simulators that lstm learned from.")


def test_a_crop_that_grows_in_fewer_of_the_years_has_fewer_degrees_of_freedom() -> None:
    table = _table(0.2, 0.05)
    table = table[(table["crop"] == "soybean") | (table["year"] < 2018)]
    found = fit(table)
    assert {crop: one.n_years for crop, one in found.crops.items()} == {"corn": 3, "soybean": 6}
    still = {crop: replace(one, scale=(1.0, 0.0), within=np.zeros(1), weights=np.ones(1), year_scale=1.0)
             for crop, one in found.crops.items()}  # fmt: skip
    drawn = replace(found, crops=still).errors(
        np.random.default_rng(0), np.ones(2), np.array(["corn", "soybean"]), 40_000
    )
    assert np.quantile(drawn, 0.975, axis=0) == pytest.approx(stats.t.ppf(0.975, [3, 6]), rel=0.05)
    assert (np.argsort(drawn[:, 0]) == np.argsort(drawn[:, 1])).all(), "one year effect for all crops"


def test_few_counties_a_year_make_no_year_effect_and_keep_their_spread() -> None:
    """The mean of two counties lies off zero by chance, and they lie nearer to it than to the truth."""
    found = [fit(_table(0.0, 0.2, seed, counties=4)).crops["corn"] for seed in range(100)]
    sigma = np.array([one.sigma(np.array([5.0]))[0] / 5 for one in found])
    within = np.array([(one.weights * one.within**2).sum() for one in found]) * sigma**2
    effect = np.array([one.year_scale**2 for one in found]) * sigma**2
    assert within.mean() == pytest.approx(0.2**2, rel=0.3)
    assert effect.mean() < 0.3 * 0.2**2


def test_each_year_weighs_the_same_however_many_counties_it_holds() -> None:
    table = _table(0.0, 0.2)
    table = table[(table["year"] > 2015) | (table["fips"] < "00010")]
    corn = table[table["crop"] == "corn"]
    weights = pd.Series(fit(table).crops["corn"].weights)
    assert weights.groupby(corn["year"].to_numpy()).sum().tolist() == pytest.approx([1 / 6] * 6)


def test_sums_are_weighed_by_area() -> None:
    """A county that is far off in 2015 shows in the region's sum as much as its fields do."""
    table = _table(0.0, 0.05, counties=20)
    odd = (table["fips"] == "00003") & (table["year"] == 2015)
    table.loc[odd, "simulated"] = 2 * table.loc[odd, "predicted"]
    states = {f"{county:05d}": "IA" for county in range(20)}
    alike = {(fips, crop): 1000.0 for fips in states for crop in ("corn", "soybean")}
    small = {key: 1.0 if key[0] == "00003" else area for key, area in alike.items()}
    ranks = [
        measure(table, "n2o", YEARS, areas, states).sums.set_index(["kind", "year"]).loc[("region", 2015), "rank"]
        for areas in (alike, small)
    ]
    assert ranks[0] > 0.99 > ranks[1] > 0.01


def test_neither_its_own_errors_nor_its_own_year_judge_a_block() -> None:
    """A county that is always far off, and a year in which all are, lie outside what the others promise."""
    table = _table(0.0, 0.05, counties=5)
    states = {f"{county:05d}": "IA" for county in range(5)}
    areas = {(fips, crop): 1.0 for fips in states for crop in ("corn", "soybean")}

    def measured(odd: "pd.Series[bool]") -> Coverage:
        moved = table["simulated"].where(~odd, 2 * table["predicted"])
        return measure(table.assign(simulated=moved), "n2o", YEARS, areas, states)

    county = measured(table["fips"] == "00003").blocks
    assert (county.loc[county["fips"] == "00003", "rank"] > 0.995).all()
    year = measured(table["year"] == 2015)
    assert (year.blocks.loc[year.blocks["year"] == 2015, "rank"] > 0.995).all()
    assert (year.sums.loc[year.sums["year"] == 2015, "rank"] > 0.995).all()
