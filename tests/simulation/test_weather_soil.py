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
