"""Real towers and virtual chambers as windows: what is measured is there, what is not is masked, never zero."""

import numpy as np
import pytest
import xarray as xr

from agroflux import schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data import catalog
from agroflux.errors import SelectionError
from agroflux.training import site_years
from agroflux.training.site_years import SiteYears


@pytest.fixture(scope="module")
def ds() -> xr.Dataset:
    return catalog.open_dataset("towers-sample").load()


def test_a_year_has_365_days_and_the_year_before_is_its_history(
    ds: xr.Dataset, shipped: Checkpoint, towers: SiteYears
) -> None:
    one = towers.take([("US-AR1", 2012)])
    assert one.drivers.shape == (1, 730, 11)
    assert one.targets.shape == (1, 365, 20)
    physical = shipped.drivers.unscale(one.drivers)[0]
    warm = ds["TMAX"].sel(site="US-AR1")
    for position, day in ((0, "2011-01-01"), (365, "2012-01-01"), (423, "2012-02-28"), (424, "2012-03-01")):
        assert physical[position, 0] == pytest.approx(float(warm.sel(time=day)), abs=1e-4), day
    gpp = ds["GPP"].where(ds["GPP_qc"] >= 0.5).sel(site="US-AR1", time="2012")
    leapless = gpp.sel(time=~((gpp["time.month"] == 2) & (gpp["time.day"] == 29)))
    np.testing.assert_array_equal(one.targets[0, :, schema.TARGETS.index("GPP")], leapless)


def test_nee_is_the_models_co2_flux_and_other_targets_hold_nothing(ds: xr.Dataset, towers: SiteYears) -> None:
    held = {name for k, name in enumerate(schema.TARGETS) if np.isfinite(towers.targets[..., k]).any()}
    assert held == {"CO2_FLUX", "GPP"}
    row = towers.keys.index(("US-AR1", 2010))
    np.testing.assert_array_equal(
        towers.targets[row, :, schema.TARGETS.index("CO2_FLUX")], ds["NEE"].sel(site="US-AR1", time="2010")
    )


def test_what_was_not_measured_is_unknown(towers: SiteYears) -> None:
    known = dict(zip(schema.DRIVERS, towers.known[towers.keys.index(("US-Tw3", 2015))].mean(0), strict=True))
    assert known["TMAX"] > 0.95
    assert all(known[name] == 0 for name in schema.DRIVERS if name not in ("TMAX", "TMIN"))  # no rain before 2017
    assert (towers.drivers[~towers.known] == 0).all()
    assert np.isfinite(towers.drivers).all()


def test_short_gaps_in_temperature_are_bridged_and_long_ones_are_not(ds: xr.Dataset, shipped: Checkpoint) -> None:
    cut = ds.copy(deep=True)
    for first, last in (("2010-06-01", "2010-06-05"), ("2010-07-01", "2010-07-06")):
        cut["TMAX"].loc[{"site": "US-AR1", "time": slice(first, last)}] = np.nan
    one = site_years.build(cut, shipped.drivers, ("GPP",)).take([("US-AR1", 2010)])
    assert one.known[0, 365 + 151 : 365 + 156, 0].all()  # 1 June is day 151 from 0
    assert not one.known[0, 365 + 181 : 365 + 187, 0].any()  # 1 July is day 181


def test_history_before_the_record_repeats_the_year_itself(towers: SiteYears, shipped: Checkpoint) -> None:
    first = towers.take([("US-AR1", 2009)])
    np.testing.assert_array_equal(first.drivers[0, :365], first.drivers[0, 365:])
    chambers = site_years.build(catalog.open_dataset("chambers-synthetic"), shipped.drivers, ("N2O_FLUX",))
    assert chambers.take([("CH-1", 2014)]).known[0, 365 + 120].all()
    assert len(chambers) == 18
    soil = [schema.DRIVERS.index(name) for name in ("BD", "SAND", "SILT", "PH", "SOC")]
    assert chambers.known[:, 0][:, soil].all() and not chambers.known[:, 0, :6].any()  # no chamber in January


def test_what_cannot_be_adapted_to_is_refused(ds: xr.Dataset, shipped: Checkpoint, towers: SiteYears) -> None:
    with pytest.raises(SelectionError, match="holds no N2O_FLUX: it holds Reco, GPP, CO2_FLUX, ET, NEE"):
        site_years.build(ds, shipped.drivers, ("N2O_FLUX",))
    with pytest.raises(SelectionError, match="'Yield' cannot be adapted"):
        site_years.build(ds, shipped.drivers, ("Yield",))
    with pytest.raises(SelectionError, match="NEE, CO2_FLUX names one flux more than once"):
        site_years.build(ds, shipped.drivers, ["NEE", "CO2_FLUX"])
    with pytest.raises(SelectionError, match="is a simulation"):
        site_years.build(catalog.open_dataset("cornbelt-ceres"), shipped.drivers, ("GPP",))
    with pytest.raises(SelectionError, match="360 days of GPP"):
        site_years.build(ds.sel(site=["US-Tw3"]), shipped.drivers, ("GPP",), min_days=360)
    with pytest.raises(SelectionError, match="US-Tw3:1999"):
        towers.take([("US-Tw3", 1999)])


def test_site_years_are_read_as_they_are_written() -> None:
    assert site_years.parse("US-Tw3:2014, a:b:2015") == (("US-Tw3", 2014), ("a:b", 2015))
    for wrong in ("", "US-Tw3", "US-Tw3:", ":2014", "US-Tw3:x", "US-Tw3:2014,US-Tw3:2014"):
        with pytest.raises(SelectionError):
            site_years.parse(wrong)


def test_climatology_is_the_mean_of_near_days() -> None:
    targets = np.full((2, 365, 1), np.nan, np.float32)
    targets[0, 0], targets[1, 364], targets[0, 100] = 1.0, 3.0, 8.0
    none = np.zeros((2, 730, 1), np.float32)
    mean = site_years.climatology(SiteYears((("a", 1), ("a", 2)), none, none > 0, targets))[:, 0]
    assert mean[[0, 10, 100, 200]].tolist() == [2.0, 2.0, 8.0, 4.0]  # 31 December is near 1 January; day 200: all


def test_gaps_of_temperature_alone_are_bridged(shipped: Checkpoint) -> None:
    cut = catalog.open_dataset("towers-sample").load().copy(deep=True)
    for name in ("TMIN", "PRECN"):
        cut[name].loc[{"site": "US-AR1", "time": slice("2010-06-01", "2010-06-05")}] = np.nan
    one = site_years.build(cut, shipped.drivers, ("GPP",)).take([("US-AR1", 2010)])
    june = one.known[0, 365 + 151 : 365 + 156]
    assert june[:, schema.DRIVERS.index("TMIN")].all()
    assert not june[:, schema.DRIVERS.index("PRECN")].any()
    assert one.known[0, 365 + 150, schema.DRIVERS.index("PRECN")]


def test_a_site_year_with_just_enough_days_is_kept(shipped: Checkpoint) -> None:
    ds = catalog.open_dataset("towers-sample").load()
    every = site_years.build(ds, shipped.drivers, ("GPP",), min_days=0)
    row = every.keys.index(("US-Tw3", 2015))
    days = int(np.isfinite(every.targets[row]).any(-1).sum())
    for least, there in ((days, True), (days + 1, False)):
        kept = site_years.build(ds, shipped.drivers, ("GPP",), min_days=least).keys
        assert (("US-Tw3", 2015) in kept) == there
