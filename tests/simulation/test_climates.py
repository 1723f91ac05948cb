"""Weather of towers without gaps, and random years that leave the range of what was recorded."""

import numpy as np
import pandas as pd
import pytest

from agroflux.data import catalog
from agroflux.errors import SimulationError
from agroflux.simulation import climates
from agroflux.simulation.climates import VARIABLES


def recorded(years: int = 3) -> pd.DataFrame:
    days = pd.date_range("2010-01-01", f"{2009 + years}-12-31", name="time")
    wave = 15 - 12 * np.cos(2 * np.pi * days.day_of_year / 365.25)
    rain = np.where(np.arange(len(days)) % 5 == 0, days.year - 2005.0, 0.0)
    return pd.DataFrame({"TMAX": wave + 6, "TMIN": wave - 6, "PRECN": rain, "SRAD": wave / 2 + 10}, index=days)


def test_short_gaps_are_interpolated_and_long_ones_have_the_usual_day() -> None:
    want = recorded()
    have = want.copy()
    have.loc["2011-03-10":"2011-03-13", "TMAX"] = np.nan
    have.loc["2011-07-01":"2011-07-31", ["TMAX", "TMIN", "SRAD"]] = np.nan
    found = climates.whole(have)
    assert not found.isna().any().any()
    july = found.index.strftime("%Y-%m") == "2011-07"
    np.testing.assert_allclose(found.loc[~july, "TMIN"], want.loc[~july, "TMIN"], atol=0.01)
    assert found.loc["2011-03-11", "TMAX"] == pytest.approx(want.loc["2011-03-11", "TMAX"], abs=0.1)
    assert abs(found - want).loc[july, ["TMAX", "SRAD"]].to_numpy().max() < 0.5


def test_missing_rain_is_that_of_the_nearest_year() -> None:
    have = recorded()
    have.loc["2010-06-01":"2010-06-30", "PRECN"] = np.nan
    have.loc["2011-06-01":"2011-06-10", "PRECN"] = np.nan
    found = climates.whole(have)["PRECN"]
    later = recorded()["PRECN"]
    assert found["2010-06-20"] == later["2011-06-20"]
    assert found["2010-06-05"] == later["2012-06-05"]
    have["PRECN"] = np.nan
    with pytest.raises(SimulationError, match="no PRECN was recorded"):
        climates.whole(have)


def test_the_bundled_towers_give_whole_years_as_they_were_measured() -> None:
    for site, count in (("US-Tw3", 3), ("US-AR1", 4)):
        years = climates.tower_climate(site).years
        assert len(years) == count
        assert all(year.shape == (365, 4) and np.isfinite(year).all() for year in years)
    one = catalog.open_dataset("towers-sample").sel(site="US-AR1", time="2010")
    np.testing.assert_allclose(climates.tower_climate("US-AR1").years[1][:, 2], one["PRECN"], atol=0.01)


def test_random_weather_is_moved_and_no_year_comes_twice() -> None:
    place = climates.tower_climate("US-AR1")
    drawn = climates.drawn(place, 2000, 2012, np.random.default_rng(3))
    again = climates.drawn(place, 2000, 2012, np.random.default_rng(3))
    pd.testing.assert_frame_equal(drawn, again)
    assert (drawn["TMAX"] > drawn["TMIN"]).all()
    assert drawn.index.equals(pd.date_range("2000-01-01", "2012-12-31"))
    sums = drawn.groupby(drawn.index.year)[list(VARIABLES)].sum()
    assert len(sums.round(3).drop_duplicates()) == 13  # drawn from four
    other = climates.drawn(place, 2000, 2012, np.random.default_rng(4))
    assert abs(other["TMAX"].mean() - drawn["TMAX"].mean()) > 0.3


def test_years_beyond_the_record_repeat_it_in_turn() -> None:
    weather = recorded(2)
    longer = climates.repeated_to(weather, 2008, 2013)
    pd.testing.assert_frame_equal(longer["2010":"2011"], weather, check_freq=False)
    assert longer.loc["2012-03-01", "PRECN"] == weather.loc["2010-03-01", "PRECN"]
    assert longer.loc["2009-05-05", "TMAX"] == weather.loc["2011-05-05", "TMAX"]
    assert longer.loc["2012-02-29", "TMAX"] == longer.loc["2012-02-28", "TMAX"]
