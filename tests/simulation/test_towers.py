"""The process model on a tower's own weather: alfalfa in California by the real engine, then from what is kept."""

import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux.data import catalog, management
from agroflux.data.management import Event, Season
from agroflux.errors import SimulationError
from agroflux.simulation import dssat, soil, towers
from agroflux.simulation.crops import CROPS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")


@pytest.fixture(scope="module")
def ds() -> xr.Dataset:
    return catalog.open_dataset("towers-sample")


def test_a_tower_is_simulated_once_and_then_kept(ds: xr.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    first = towers.simulate(ds, "US-Tw3")
    assert first.index[0] == pd.Timestamp("2012-01-01")
    assert first.index[-1] == pd.Timestamp("2018-12-31")
    assert np.isfinite(first.to_numpy()).all()
    measured = ds["GPP"].sel(site="US-Tw3").to_series().dropna()
    assert np.corrcoef(first["GPP"].reindex(measured.index), measured)[0, 1] > 0.3

    def never(*_: object, **__: object) -> dssat.Result:
        raise AssertionError("the engine ran again")

    monkeypatch.setattr(dssat, "run_sequence", never)
    pd.testing.assert_frame_equal(towers.simulate(ds, "US-Tw3"), first, check_freq=False)
    warmer = ds.copy(deep=True)
    warmer["TMAX"] = warmer["TMAX"] + 1
    with pytest.raises(AssertionError, match="ran again"):
        towers.simulate(warmer, "US-Tw3")


def test_a_crop_that_the_engine_does_not_run_is_named(ds: xr.Dataset) -> None:
    with pytest.raises(SimulationError, match="does not run switchgrass"):
        towers.simulate(ds, "US-AR1")
    unknown = ds.drop_vars("crop").assign_coords(site=["XX-1", "XX-2"])
    with pytest.raises(SimulationError, match="what grew here is not known"):
        towers.simulate(unknown, "XX-1")


def test_known_management_is_used_and_the_rest_follows_a_rule(ds: xr.Dataset) -> None:
    told = Season(
        "US-AR1", 2010, "corn", date(2010, 4, 20), harvest=date(2010, 9, 5), nitrogen=(Event(date(2010, 5, 10), 120.0),)
    )
    seasons = [told, Season("US-AR1", 2011, "winter wheat"), Season("US-AR1", 2012, "soybean")]
    one = management.apply(ds, seasons).sel(site="US-AR1")
    crops = towers._crops(one, seasons, 2009, 2012)
    assert crops == {2009: "corn", 2010: "corn", 2011: "wheat", 2012: "soybean"}
    grown = towers._grown(seasons, crops, 36.4)
    assert [crop.crop for crop in grown] == ["corn", "corn", "wheat", "soybean"]
    corn, wheat = grown[1], grown[2]
    assert (corn.planted, corn.ended) == (pd.Timestamp("2010-04-20"), pd.Timestamp("2010-09-05"))
    assert corn.nitrogen == ((pd.Timestamp("2010-05-10"), 120.0),)
    assert wheat.planted.year == 2010
    assert wheat.nitrogen[0][1] == pytest.approx(90)
    assert grown[3].nitrogen == ()


def test_usual_days_of_the_north_are_not_those_of_the_south() -> None:
    with pytest.raises(SimulationError, match="2015 has no planting date"):
        towers._planted(None, CROPS["corn"], 2015, -34.0)
    assert towers._planted(None, CROPS["corn"], 2015, 42.0).month == 5


def test_without_a_table_the_drivers_tell_what_grew() -> None:
    chambers = catalog.open_dataset("chambers-synthetic")
    told = towers._told(chambers.sel(site="CH-4"), "CH-4")
    assert [(row.year, row.crop, row.planting) for row in told] == [
        (2014, "corn", date(2014, 4, 27)), (2015, "soybean", date(2015, 5, 6)), (2016, "corn", date(2016, 4, 19)),
    ]  # fmt: skip
    assert told[0].nitrogen == (Event(date(2014, 5, 22), pytest.approx(202)),)
    assert told[1].nitrogen == ()
    # The chambers stood from April to October: no winter is made up for them.
    with pytest.raises(SimulationError, match="TMAX was never recorded around 1 January"):
        towers.simulate(chambers, "CH-4")


def test_what_the_table_leaves_open_follows_the_stated_rules() -> None:
    corn = CROPS["corn"]
    planted, dosed = pd.Timestamp("2015-05-05"), pd.Timestamp("2015-05-24")
    assert towers._planted(None, corn, 2015, 42.0) == planted  # day 125
    assert towers._planted(None, corn, 2015, 38.0) == pd.Timestamp("2015-04-25"), "ten days earlier in the south"
    (grown,) = towers._grown([], {2015: "corn"}, 42.0)
    assert (grown.planted, grown.ended) == (planted, planted + pd.Timedelta(days=165))
    assert grown.nitrogen == ((dosed, 150.0),)
    total = Season("X", 2015, "corn", planted.date(), n_total=90.0)
    assert towers._doses(total, corn, planted) == [(dosed, 90.0)]
    assert towers._crops(xr.Dataset(), [Season("X", 2012, "corn"), Season("X", 2014, "soybean")], 2012, 2015) == {
        2012: "corn", 2013: "corn", 2014: "soybean", 2015: "soybean",
    }  # fmt: skip


def test_a_field_is_irrigated_where_the_table_says_so_or_where_it_hardly_rains() -> None:
    days = pd.date_range("2011-01-01", "2012-12-31")
    wet, dry = (pd.DataFrame({"PRECN": rain}, index=days) for rain in (1.0, 0.5))  # 365 and 183 mm a year
    assert towers._irrigated([], dry) and not towers._irrigated([], wet)
    assert not towers._irrigated([Season("X", 2011, "corn", irrigation=0.0)], dry)
    assert towers._irrigated([Season("X", 2011, "corn", irrigation=0.0), Season("X", 2012, irrigation=80.0)], wet)


def test_the_soil_of_a_site_is_its_own_where_texture_and_carbon_are_told() -> None:
    own = towers._soil(xr.Dataset({"SAND": 100.0, "SILT": 650.0, "SOC": 20.0}))  # g kg-1
    assert (own.sand_pct, own.silt_pct, own.clay_pct, own.carbon_pct[0]) == (10, 65, 25, 2)
    wilting, capacity = soil.water_limits(0.10, 0.25, 2 * 1.724)
    assert own.lower[0] == pytest.approx(wilting) and own.upper[0] - own.lower[0] == pytest.approx(capacity)
    usual = towers._soil(xr.Dataset({"SAND": 100.0, "SILT": 650.0}))
    assert usual.sand_pct != 10, "without carbon nothing is told"
