"""A missing value leaves out what needs it, and nothing else: on the rotation of three counties."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux.emissions import notes
from agroflux.emissions.assess import Assessment, assess
from agroflux.emissions.question import Question, Sources
from agroflux.emissions.tier1 import DUE
from agroflux.emissions.totals import REGION

Rotation = Callable[..., xr.Dataset]
AnswerOf = Callable[..., Assessment]


def _without(ds: xr.Dataset, name: str, at: dict[str, object]) -> xr.Dataset:
    ds[name] = ds[name].copy()
    ds[name].loc[at] = np.nan
    return ds


def _due(answer: Assessment, place: str = REGION) -> pd.DataFrame:
    rows = answer.tier1
    return rows[(rows["place"] == place) & (rows["estimate"] == DUE)]


def test_grain_missing_without_nitrogen_leaves_the_headline_alone(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf
) -> None:
    whole = answer_of(rotation(), facts)
    made = answer_of(_without(rotation(), "Yield", {"site": "19153", "scenario": "n000", "year": 2013}), facts)
    assert made.interval("n2o_t")["value"] == pytest.approx(whole.interval("n2o_t")["value"])
    assert _due(made)["n2o_t"].item() == pytest.approx(_due(whole)["n2o_t"].item()), "it needs no grain"
    # Corn of Polk is in no rate of the lever: rates differ in nothing but nitrogen.
    polk = made.totals.crops.set_index(["fips", "crop"]).at[("19153", "corn"), "n2o_t"]
    lever = made.lever.set_index("n_rate")["n2o_t"]
    assert lever[168.0] == pytest.approx(whole.interval("n2o_t")["value"] - polk)
    assert lever[0.0] == pytest.approx(lever[168.0] / 10)
    (said,) = made.gaps
    assert said.startswith("The nitrogen lever is of 4 of 5 county crops")
    assert said in notes.is_and_is_not(made)
    assert whole.gaps == ()


def test_carbon_missing_at_the_rate_leaves_the_field_out_of_every_part(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf
) -> None:
    made = answer_of(_without(rotation(), "NEE", {"site": "19153", "scenario": "n168", "time": "2013-07-01"}), facts)
    region = made.totals.by("region").iloc[0]
    assert made.totals.left_out[["fips", "crop"]].to_numpy().tolist() == [["19153", "corn"], ["17019", "soybean"]]
    assert made.lever.set_index("n_rate").at[168.0, "n2o_t"] == pytest.approx(region["n2o_t"])
    assert _due(made)["n2o_t"].item() == pytest.approx(0.9 * region["n2o_t"])
    assert made.gaps == ()


def test_n2o_missing_without_nitrogen_leaves_it_out_of_what_fertiliser_adds(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf
) -> None:
    ds = _without(rotation(), "N2O_FLUX", {"site": "19153", "scenario": "n000", "time": "2013-07-01"})
    made = answer_of(ds, facts)
    # Story's corn alone is left in Iowa: 20,000 ha x 168 kg
    assert _due(made, "IA")["n_applied_t_n"].item() == pytest.approx(3360)
    assert _due(made, "IL")["n_applied_t_n"].item() == pytest.approx(8400)
    assert any("due to fertiliser is told of 4 of 5 county crops" in said for said in made.gaps)


def test_a_rate_without_a_value_leaves_the_lever(rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf) -> None:
    made = answer_of(_without(rotation(), "N2O_FLUX", {"scenario": "n000"}), facts)
    assert made.lever["n_rate"].tolist() == [168.0]
    assert _due(made).empty
    assert "leaves out 0 kg N ha-1" in " ".join(made.gaps)


def test_a_year_outside_the_period_may_lack_a_field(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf
) -> None:
    ds = _without(rotation(), "Delta_SOC", {"site": "19153", "scenario": "n168", "year": 2016})
    made = answer_of(ds, facts, years=(2013, 2014))
    assert made.years["year"].tolist() == [2013, 2014, 2015, 2016]
    assert "2016 (4 of 5)" in " ".join(made.gaps)


def test_a_process_model_or_a_seed_that_lacks_a_field_is_named(rotation: Rotation, facts: pd.DataFrame) -> None:
    ds, other = rotation(), rotation()
    lacking = _without(rotation(), "N2O_FLUX", {"site": "19153", "scenario": "n168", "time": "2013-07-01"})
    short = rotation().isel(scenario=[0])
    beside = {"made": ds, "other": other, "lacking": lacking, "short": short}
    models = {"lstm": [ds, lacking], "tcn": [ds]}
    sources = Sources(
        "made", lambda rate: ds, (0.0, 168.0), beside, "made", models=lambda rate: models, origin=("made",)
    )
    made = assess(Question(168.0, (2013, 2014), draws=50), sources, facts)
    assert set(made.simulators) == {"made", "other"}
    told = " ".join(made.gaps)
    assert (
        "lacking does not stand beside the figures, and is not in the interval: it lacks 1 of 5 county crops." in told
    )
    assert "One lstm does not stand beside the figures" in told
    assert "short does not stand beside the figures" in told and "168" in told


def test_a_crop_of_one_year_has_no_weather_in_the_interval_and_that_is_said(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf
) -> None:
    ds = rotation().sel(time=slice("2013-01-01", "2015-12-31"), year=slice(2013, 2015))
    made = answer_of(ds, facts, years=(2013, 2014, 2015))
    # Corn grows in two of the years in Iowa, soybean in one; in Illinois corn in one.
    assert "Year-to-year weather is not in the interval of 3 of 5 county crops" in " ".join(made.gaps)
    assert "weather" in made.components
