"""Weather moved to a county, and soil from its facts."""

import numpy as np
import pandas as pd
import pytest

from agroflux.errors import SelectionError
from agroflux.simulation import soil, weather
from agroflux.simulation.county import benchmark_counties, county_scenario, county_site
from agroflux.simulation.scenario import PlantingRule


def test_the_source_itself_is_not_moved() -> None:
    here = weather.county_weather(weather.SOURCE_LAT, weather.SOURCE_LON)
    source = weather.source_series()
    pd.testing.assert_frame_equal(here, source[here.columns].round(2), atol=0.011)


def test_neighbours_are_coherent_and_the_south_is_warmer_and_wetter() -> None:
    north, south = weather.county_weather(43.0, -93.0), weather.county_weather(38.0, -89.0)
    beside = weather.county_weather(43.0, -93.3)
    assert south["TMAX"].mean() - north["TMAX"].mean() > 3
    assert south["PRECN"].sum() > 1.05 * north["PRECN"].sum()
    assert abs(north["TMAX"] - beside["TMAX"]).max() < 0.6
    # dry days stay dry: rain is multiplied
    assert ((north["PRECN"] == 0) == (weather.source_series()["PRECN"] < 0.005)).mean() > 0.99


def test_the_engine_gets_a_positive_daily_range() -> None:
    for lat, lon in [(43.4, -96.0), (37.2, -89.3), (41.0, -85.0)]:
        moved = weather.county_weather(lat, lon)
        assert (moved["TMAX"] > moved["TMIN"]).all()
        assert moved["SRAD"].between(0, 40).all()


def test_soil_limits_are_in_order_in_every_benchmark_county() -> None:
    for _, facts in benchmark_counties().iterrows():
        profile = soil.county_soil(facts)
        assert (profile.lower < profile.upper).all()
        assert (profile.upper < profile.saturation).all()
        assert (np.diff(profile.carbon_pct) <= 0).all()
        assert 0.9 < profile.drivers()["BD"] < 1.7


def test_drivers_carry_benchmark_units() -> None:
    texture = {"sand_pct": 10.0, "silt_pct": 65.0, "clay_pct": 25.0, "soc_pct": 2.0, "ph": 6.2}
    facts = pd.Series(texture | {"awc_cm_cm": 0.2, "wilting_pct": 15.0, "cec_cmol_kg": 20.0})
    drivers = soil.county_soil(facts).drivers()
    assert drivers["SAND"] == pytest.approx(100)  # g kg-1
    assert drivers["SOC"] == pytest.approx(20)  # g kg-1
    # Saxton and Rawls (2006) give about 0.50 porosity for this silt loam with 3.4 % organic matter
    assert drivers["BD"] == pytest.approx(2.65 * 0.5, abs=0.15)


def test_planting_waits_for_warmth_within_its_window() -> None:
    days = pd.date_range("2015-01-01", "2015-12-31")
    warm_from_130 = pd.Series(np.where(days.day_of_year >= 130, 20.0, 5.0), index=days)
    rule = PlantingRule(110, 145, 12.5)
    assert rule.day(warm_from_130, 2015).day_of_year == 134  # five warm days of ten reach a mean of 12.5
    assert rule.day(warm_from_130 * 0, 2015).day_of_year == 145
    assert rule.day(warm_from_130 * 0 + 30, 2015).day_of_year == 110


def test_unknown_counties_and_years_are_refused() -> None:
    with pytest.raises(SelectionError, match="99999"):
        county_site("99999")
    with pytest.raises(SelectionError, match="weather allows"):
        county_scenario(42, "corn", 100, "century", (2015, 2020))


def test_29_february_of_a_repeated_year_is_like_the_28th() -> None:
    here = weather.county_weather(42.0, -93.0)
    same = weather.repeated(here, 2005)
    assert same.loc["2004-02-29"].tolist() == here.loc["2005-02-28"].tolist() != here.loc["2005-03-01"].tolist()
    assert weather.repeated(here, 2004).loc["2004-03-01":].head(306).equals(here.loc["2004-03-01":"2004-12-31"])


def test_water_limits_are_those_of_the_published_table() -> None:
    """Saxton and Rawls (2006), Table 3: wilting point and field capacity [%] at 2.5 % organic matter."""
    for sand, clay, wilting, capacity in ((0.20, 0.15, 11, 31), (0.40, 0.20, 14, 28), (0.65, 0.10, 8, 18)):
        low, available = soil.water_limits(sand, clay, 2.5)
        assert (100 * low, 100 * (low + available)) == pytest.approx((wilting, capacity), abs=1)


def test_density_and_porosity_are_those_of_the_published_table() -> None:
    """Saxton and Rawls (2006), Table 3: saturation [%] and density at 2.5 % organic matter."""
    for sand, clay, wilting, awc, saturation, density in ((40, 20, 14, 0.14, 46, 1.43), (20, 15, 11, 0.20, 48, 1.38)):
        texture = {"sand_pct": sand, "silt_pct": 100 - sand - clay, "clay_pct": clay, "soc_pct": 2.5 / 1.724, "ph": 6.2}
        facts = pd.Series(texture | {"awc_cm_cm": awc, "wilting_pct": wilting, "cec_cmol_kg": 20.0})
        top = soil.county_soil(facts)
        assert 100 * top.saturation[0] == pytest.approx(saturation, abs=0.6)
        assert top.bulk_density[0] == pytest.approx(density, abs=0.015)
        assert top.drivers()["BD"] == pytest.approx(np.average(top.bulk_density[:3], weights=[5, 10, 15]))  # cm


def test_december_passes_into_january() -> None:
    change = weather.county_weather(37.2, -89.3)["TMIN"] - weather.source_series()["TMIN"]
    steps = change.groupby([change.index.month, change.index.day]).median()
    month = weather.change_factors(37.2, -89.3)["TMIN"]
    assert abs(month[1] - month[12]) > 0.3
    assert abs(steps[(1, 1)] - steps[(12, 31)]) < 0.2 * abs(month[1] - month[12])
