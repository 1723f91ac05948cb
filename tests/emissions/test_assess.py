"""The whole answer on the bundled data: parts reconcile, components are there, one county works as well as all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from shapely import to_geojson
from shapely.geometry import box

from agroflux import geo
from agroflux.data import catalog
from agroflux.emissions import notes, place, tier1, units
from agroflux.emissions.assess import Assessment, _per_hectare, assess
from agroflux.emissions.polygon import read_polygon
from agroflux.emissions.question import Question, of_simulator
from agroflux.emissions.sums import whole_years
from agroflux.emissions.totals import COLUMNS, REGION, totals
from agroflux.emissions.units import N2O_PER_N
from agroflux.errors import SelectionError

DATA = "cornbelt-century"


@pytest.fixture(scope="module")
def question() -> Question:
    years = whole_years(catalog.open_dataset(DATA))
    return Question(n_rate=168.0, years=tuple(years), indirect=True, draws=2000)


@pytest.fixture(scope="module")
def answer(question: Question) -> Assessment:
    sources = of_simulator(DATA, catalog.open_dataset(DATA), catalog.open_dataset)
    return assess(question, sources, geo.county_facts())


def test_the_value_of_every_interval_is_the_total(answer: Assessment) -> None:
    region = answer.totals.by("region").iloc[0]
    for column in ("n2o_all_t_co2e", "n2o_kg_n_ha", "nee_t_co2", "harvest_t_co2", "necb_t_co2", "soil_carbon_t_co2"):
        row = answer.interval(column)
        assert row["value"] == pytest.approx(region[column], rel=1e-9)
        assert row["unit"] == COLUMNS[column].unit
        ends = row[["low95", "low80", "low50", "median", "high50", "high80", "high95"]].to_numpy(float)
        assert (np.diff(ends) >= 0).all()
    for level in ("county", "state", "crop"):
        parts = answer.ranked("n2o_all_t_co2e", level)
        assert parts["value"].sum() == pytest.approx(region["n2o_all_t_co2e"], rel=1e-9)
        assert parts["value"].is_monotonic_decreasing


@pytest.mark.parametrize("level", ["county", "state", "crop"])
def test_a_flux_per_hectare_has_the_interval_of_its_total_but_for_the_area(
    answer: Assessment, question: Question, level: Literal["county", "state", "crop"]
) -> None:
    sources = of_simulator(DATA, catalog.open_dataset(DATA), catalog.open_dataset)
    sure = assess(replace(question, area_sd=0.0, indirect=False), sources, geo.county_facts())
    key = {"county": "fips"}.get(level, level)
    area = answer.totals.by(level).set_index(key)["area_ha"]
    flux, mass = (made.ranked(q, level).set_index("place") for made, q in ((answer, "n2o_kg_n_ha"), (sure, "n2o_t")))
    for end in ("value", "median", "low95", "low80", "high80", "high95"):
        per_hectare = mass[end] * 1000 / N2O_PER_N / area[mass.index]
        pd.testing.assert_series_equal(flux[end][mass.index], per_hectare, check_names=False)


def test_months_and_nitrogen_rates_reconcile_with_the_total(answer: Assessment, question: Question) -> None:
    region = answer.totals.by("region").iloc[0]
    months = answer.months[answer.months["crop"] == "both"]
    for column in ("n2o_t", "nee_t_co2"):
        assert months[column].sum() == pytest.approx(region[column], rel=1e-9)
        apart = answer.months[answer.months["crop"] != "both"]
        assert apart[column].sum() == pytest.approx(region[column], rel=1e-9)
    lever = answer.lever.set_index("n_rate")
    assert lever.at[question.n_rate, "n2o_t"] == pytest.approx(region["n2o_t"], rel=1e-9)
    assert lever["n2o_t"].is_monotonic_increasing  # more nitrogen, more N2O


def test_years_are_totals_of_their_own(answer: Assessment, question: Question) -> None:
    year = question.years[1]
    one = totals(
        catalog.open_dataset(DATA), geo.county_facts(), n_rate=question.n_rate, years=[year], indirect=True
    ).by("region")
    shown = answer.years.set_index("year").loc[year]
    assert shown["n2o_t"] == pytest.approx(one["n2o_t"].item(), rel=1e-9)
    assert answer.years["in_period"].all()


def test_a_simulation_has_no_model_error_and_simulators_stand_beside(answer: Assessment) -> None:
    assert answer.components == ("simulators", "weather", "area", "indirect")
    assert set(answer.simulators) >= {DATA, "cornbelt-ceres"}
    parts = answer.parts[answer.parts["quantity"] == answer.headline]
    assert parts["share"].sum() == pytest.approx(1)
    assert answer.headline == "n2o_all_t_co2e"


def test_tier1_with_the_indirect_part(answer: Assessment) -> None:
    rows = answer.tier1[answer.tier1["place"] == REGION].set_index("estimate")
    whole = rows.loc["Tier 1, wet climate, direct and indirect"]
    direct = rows.loc["Tier 1, wet climate 1.6 %"]
    indirect = answer.totals.by("region")["n2o_indirect_t"].item()
    assert whole["n2o_t"] == pytest.approx(direct["n2o_t"] + indirect, rel=1e-9)
    assert whole["low_t"] < whole["n2o_t"] < whole["high_t"]


def test_the_direct_part_has_the_interval_that_it_has_alone(answer: Assessment, question: Question) -> None:
    sources = of_simulator(DATA, catalog.open_dataset(DATA), catalog.open_dataset)
    alone = assess(replace(question, indirect=False), sources, geo.county_facts())
    for column in ("n2o_t", "n2o_t_co2e"):
        for level, place_ in (("region", REGION), ("state", "IA"), ("county", "19027")):
            beside, own = (made.interval(column, level, place_) for made in (answer, alone))
            pd.testing.assert_series_equal(beside, own, check_names=False)
    both, direct = answer.interval("n2o_all_t_co2e"), answer.interval("n2o_t_co2e")
    assert both["value"] > direct["value"] and both["high80"] > direct["high80"]
    assert "indirect" not in set(answer.parts.loc[answer.parts["quantity"] == "n2o_t", "component"])
    assert "indirect" in set(answer.parts.loc[answer.parts["quantity"] == "n2o_all_t_co2e", "component"])


def test_simulated_rows_beside_tier1_have_their_intervals(answer: Assessment) -> None:
    rows = answer.tier1.set_index(["place", "estimate"])
    for place_, estimate, level, key in (
        (REGION, tier1.ALL_FIELDS, "region", REGION),
        (REGION, tier1.CORN_FIELDS, "crop", "corn"),
        ("IA", tier1.ALL_FIELDS, "state", "IA"),
    ):
        row, own = rows.loc[(place_, estimate)], answer.interval("n2o_t", level, key)
        assert (row["n2o_t"], row["low_t"], row["high_t"]) == pytest.approx((own["value"], own["low95"], own["high95"]))
    assert rows.loc[("IA", tier1.CORN_FIELDS), ["low_t", "high_t"]].isna().all()


def test_one_county_is_answered_like_all(answer: Assessment, question: Question) -> None:
    sources = of_simulator(DATA, catalog.open_dataset(DATA), catalog.open_dataset)
    fips = answer.ranked("n2o_all_t_co2e")["place"].iloc[0]
    one = assess(replace(question, counties=(fips,)), sources, geo.county_facts())
    row, among = one.interval("n2o_all_t_co2e"), answer.interval("n2o_all_t_co2e", "county", fips)
    assert row["value"] == pytest.approx(among["value"], rel=1e-9)
    assert row["low80"] < row["value"] or row["high80"] > row["value"]
    assert len(one.ranked("n2o_all_t_co2e")) == 1
    with pytest.raises(SelectionError, match="no interval of"):
        one.interval("n2o_all_t_co2e", "county", "99999")


def test_a_damaged_file_beside_takes_away_what_it_would_tell_and_no_more(question: Question, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.zarr.zip"
    damaged.write_bytes(b"PK no zip")

    def opened(name: str) -> xr.Dataset:
        return catalog.open_dataset(name if name == "chambers-synthetic" else damaged)

    sources = of_simulator(DATA, catalog.open_dataset(DATA), opened)
    assert list(sources.simulators) == [DATA]
    made = assess(replace(question, counties=("19027",), draws=200), sources, geo.county_facts())
    assert "simulators" not in made.components
    assert any("cannot be opened (cornbelt-ceres, towers-sample)" in gap for gap in made.gaps)


def test_co2_equivalents_are_n2o_times_the_potential(question: Question) -> None:
    sources = of_simulator(DATA, catalog.open_dataset(DATA), catalog.open_dataset)
    asked = replace(question, indirect=False, gwp="AR4", horizon=20, draws=200)
    made = assess(asked, sources, geo.county_facts())
    n2o, warming = made.interval("n2o_t"), made.interval("n2o_t_co2e")
    ends = ["value", "low80", "high80"]
    pd.testing.assert_series_equal(n2o[ends] * units.potential("AR4", 20), warming[ends], check_names=False)


def test_a_polygon_that_cuts_a_county_counts_and_names_that_part(question: Question) -> None:
    facts, outlines = geo.county_facts(), geo.counties()
    sources = of_simulator(DATA, catalog.open_dataset(DATA), catalog.open_dataset)
    west, south, east, north = outlines.set_index("fips").geometry["19027"].bounds
    half = read_polygon(
        to_geojson(box(west - 0.01, south + 0.05, (west + east) / 2, north - 0.05)).encode(), "half.json"
    )
    counties, areas = place.inside(half, outlines, ["19027"], facts)
    asked = replace(question, counties=counties, areas=areas, draws=200)
    cut = assess(asked, sources, facts)
    whole = assess(replace(question, counties=("19027",), draws=200), sources, facts)
    tables = [made.tier1[made.tier1["place"] == REGION].set_index("estimate") for made in (cut, whole)]
    ratio = (tables[0]["n_applied_t_n"] / tables[1]["n_applied_t_n"]).dropna()
    assert 0.3 < ratio.iloc[0] < 0.5
    assert ratio.to_numpy() == pytest.approx(ratio.iloc[0], rel=1e-9), "farm nitrogen is cut like everything else"
    assert "fields of the part of Carroll, IA inside half.json" in notes.what(cut)
    assert "fields of Carroll, IA, a year" in notes.what(whole)


def test_a_mass_over_its_factor_is_the_flux_of_a_hectare(
    rotation: Callable[..., xr.Dataset], facts: pd.DataFrame
) -> None:
    crops = totals(rotation(), facts, n_rate=168, years=[2013, 2014]).crops
    for quantity, mass, rate in (("n2o", "n2o_t", "n2o_kg_n_ha"), ("nee", "nee_t_co2", "nee_t_c_ha")):
        np.testing.assert_allclose(crops[mass] / _per_hectare(quantity, crops), crops[rate])
