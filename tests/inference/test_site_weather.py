"""A tower's own weather: gaps, assumptions, and what is not predicted."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from agroflux import contract, schema
from agroflux.baselines import registry
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.errors import ModelError, SelectionError
from agroflux.inference import predict as predictor
from agroflux.inference.site_weather import Assumptions, hidden_days, predict_site_weather, why_hidden

DAYS = pd.date_range("2011-03-10", "2013-06-30", freq="D")
SOIL = [name for name in schema.DRIVERS if schema.get(name).per == "site"]


@pytest.fixture
def tower() -> xr.Dataset:
    """Weather from March 2011 to June 2013, a leap year within, standard calendar."""
    rng = np.random.default_rng(1)
    tmax = 15 - 12 * np.cos(2 * np.pi * DAYS.day_of_year.to_numpy() / 365.25) + rng.normal(0, 3, len(DAYS))
    weather = {"TMAX": tmax, "TMIN": tmax - 9, "PRECN": rng.gamma(0.3, 8, len(DAYS))}
    data = {n: (("site", "time"), v[None].astype("float32"), {"units": schema.get(n).unit}) for n, v in weather.items()}
    attrs = dict.fromkeys(("title", "source", "licence", "citation", "history"), "tests")
    coords = {"site": ["US-Xx1"], "time": DAYS, "lat": ("site", [41.0]), "lon": ("site", [-96.0])}
    coords |= {"site_name": ("site", ["field"]), "state": ("site", ["NE"])}
    return xr.Dataset(data, coords, {**attrs, "kind": "observation", "calendar": "standard", "synthetic": True})


@pytest.fixture(scope="module")
def ahead(model: Checkpoint) -> Checkpoint:
    """The same card with a network that is not causal: each day sees the window of 30 days in which it lies."""
    torch.manual_seed(3)
    network = registry.build("itransformer", window=30, context=60, hidden=8, layers=1, heads=1, feed=8)
    return dataclasses.replace(model, network=network.eval().requires_grad_(False))


def _without(tower: xr.Dataset, days: pd.DatetimeIndex) -> xr.Dataset:
    """The tower with no temperature on ``days``."""
    return tower.assign(TMAX=tower["TMAX"].where(~tower["time"].isin(days)).assign_attrs(tower["TMAX"].attrs))


def test_every_day_is_predicted_and_the_assumptions_are_stated(model: Checkpoint, tower: xr.Dataset) -> None:
    result = predict_site_weather(model, tower, "US-Xx1", Assumptions(crop="soybean", n_rate=84))
    assert contract.problems(result) == []
    assert result.sizes["time"] == len(DAYS)
    assert bool(np.isfinite(result["GPP"]).all())
    assert result["year"].to_numpy().tolist() == [2012]
    assert "soybean" in result.attrs["assumptions"] and "84 kg N" in result.attrs["assumptions"]
    assert result.attrs["filled_days"] == 0


def test_assumptions_change_the_prediction(model: Checkpoint, tower: xr.Dataset) -> None:
    base = predict_site_weather(model, tower, "US-Xx1")
    for other in (Assumptions(crop="soybean"), Assumptions(n_rate=0), Assumptions(soil=(("SAND", 900.0),))):
        assert not np.allclose(base["GPP"], predict_site_weather(model, tower, "US-Xx1", other)["GPP"])


def test_a_short_gap_is_filled_and_a_long_one_is_hidden(model: Checkpoint, tower: xr.Dataset) -> None:
    tower["TMAX"][0, 100:103] = np.nan
    tower["PRECN"][0, 400:440] = np.nan
    result = predict_site_weather(model, tower, "US-Xx1")
    hidden = np.flatnonzero(np.isnan(result["GPP"].to_numpy()[0, 0]))
    assert hidden.tolist() == list(range(400, 470))
    assert result.attrs["filled_days"] == 43
    assert bool(np.isnan(result["Yield"].sel(year=2012)).all())


def test_days_without_a_value_are_told_by_cause(model: Checkpoint, tower: xr.Dataset) -> None:
    tower["TMAX"][0, 100:103] = np.nan
    tower["PRECN"][0, 400:440] = np.nan
    flags = hidden_days(tower, "US-Xx1", causal=True)
    result = predict_site_weather(model, tower, "US-Xx1")["GPP"].to_numpy()[0, 0]
    np.testing.assert_array_equal(flags.any(axis=1), np.isnan(result))
    assert flags.sum().to_dict() == {"gap": 40, "after": 30, "before": 0}
    said = why_hidden(tower, "US-Xx1", pd.date_range("2011-03-01", DAYS[-1]), causal=True)
    assert said == (
        "on 40 temperature or rain was not measured for more than 5 days in a row; "
        "on 30 such a gap ended less than 30 days before; "
        "on 9 temperature and rain are not both on record, as they are from 10 Mar 2011 to 30 Jun 2013"
    )
    assert why_hidden(tower, "US-Xx1", DAYS[:50], causal=True) == ""


def test_days_before_a_gap_are_hidden_of_a_network_that_looks_ahead(ahead: Checkpoint, tower: xr.Dataset) -> None:
    """No day that is shown before the gap knows what was filled into it; the year before never does."""
    whole = predict_site_weather(ahead, tower, "US-Xx1")
    gap = pd.date_range("2012-04-14", "2012-05-23")  # 40 days, from within a window
    result = predict_site_weather(ahead, _without(tower, gap), "US-Xx1")
    shown = result["GPP"].to_series().droplevel(["site", "scenario"]).dropna()
    assert DAYS.difference(shown.index).equals(pd.date_range("2012-03-15", "2012-06-22"))
    early = {"site": 0, "scenario": 0, "time": DAYS < "2012-03-15"}
    np.testing.assert_allclose(result["GPP"][early], whole["GPP"][early], atol=1e-4)
    flags = hidden_days(_without(tower, gap), "US-Xx1", causal=False)
    assert flags.sum().to_dict() == {"gap": 40, "after": 30, "before": 30}
    assert why_hidden(_without(tower, gap), "US-Xx1", DAYS, causal=False) == (
        "on 40 temperature or rain was not measured for more than 5 days in a row; "
        "on 30 such a gap ended less than 30 days before; "
        "on 30 such a gap begins within 30 days, and this model also looks at the days ahead"
    )


def test_a_cause_says_what_gap_it_means_where_none_before_it_did(tower: xr.Dataset) -> None:
    """Days measured after a gap, before it, and both, with none within it."""
    gap = pd.date_range("2012-04-14", "2012-05-23")
    after, before = pd.date_range("2012-05-24", periods=10), pd.date_range("2012-04-04", "2012-04-13")
    whole = "on 10 a gap of more than 5 days in temperature or rain"
    ahead = "begins within 30 days, and this model also looks at the days ahead"

    def told(days: pd.DatetimeIndex) -> str:
        return why_hidden(_without(tower, gap), "US-Xx1", days, causal=False)

    assert told(after) == f"{whole} ended less than 30 days before"
    assert told(before) == f"{whole} {ahead}"
    assert told(after.union(before)) == f"{whole} ended less than 30 days before; on 10 such a gap {ahead}"


def test_a_gap_early_in_a_year_hides_nothing_of_the_year_before(ahead: Checkpoint, tower: xr.Dataset) -> None:
    """A network that looks ahead runs for each year by itself, and sees nothing of the next."""
    gapped = _without(tower, pd.date_range("2013-01-10", "2013-01-25"))
    result = predict_site_weather(ahead, gapped, "US-Xx1")
    assert bool(np.isfinite(result["Yield"].sel(year=2012)).all())
    hidden = hidden_days(gapped, "US-Xx1", causal=False)
    assert hidden.index[hidden["before"]].equals(pd.date_range("2013-01-01", "2013-01-09"))
    before, after = (ds["GPP"].sel(time="2012") for ds in (predict_site_weather(ahead, tower, "US-Xx1"), result))
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_days_between_two_gaps_are_told_once(tower: xr.Dataset) -> None:
    both = _without(tower, pd.date_range("2012-04-01", "2012-04-10").union(pd.date_range("2012-05-01", "2012-05-10")))
    flags = hidden_days(both, "US-Xx1", causal=False)
    assert (flags.sum(axis=1) <= 1).all()
    assert flags.sum().to_dict() == {"gap": 20, "after": 20 + 30, "before": 30}


def test_drivers_that_were_measured_are_used(model: Checkpoint, tower: xr.Dataset) -> None:
    measured = tower.assign(SAND=(("site",), np.array([900.0], "float32"), {"units": "g kg-1"}))
    told = predict_site_weather(model, tower, "US-Xx1", Assumptions(soil=(("SAND", 900.0),)))
    found = predict_site_weather(model, measured, "US-Xx1")
    np.testing.assert_allclose(found["GPP"], told["GPP"], atol=1e-4)


def test_measured_management_is_used_on_the_days_that_tell_it(
    model: Checkpoint, tower: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[xr.Dataset] = []
    predict = predictor.predict
    monkeypatch.setattr(predictor, "predict", lambda network, ds: given.append(ds) or predict(network, ds))
    crop = np.zeros((1, len(DAYS)), "float32")  # soybean
    crop[0, 20:25] = np.nan
    planting = (DAYS.day_of_year.to_numpy() == 140)[None].astype("float32")
    own = tower.assign(CROP=(("site", "time"), crop), PLANTING=(("site", "time"), planting))
    result = predict_site_weather(model, own, "US-Xx1")
    (ds,) = given
    assert np.flatnonzero(ds["CROP"][0]).tolist() == list(range(20, 25)), "assumed where nothing is told"
    np.testing.assert_array_equal(ds["PLANTING"], planting)
    assert not ds["FERTZR_N"].any(), "nitrogen goes to corn, and soybean grew when it is given"
    said = result.attrs["assumptions"]
    assert said.startswith("crop: corn where the record does not tell; 168 kg N")
    assert "planted" not in said and said.endswith("soil: mean of the training counties")


def test_what_a_record_tells_is_not_called_assumed(model: Checkpoint, tower: xr.Dataset) -> None:
    day = np.zeros((1, len(DAYS)), "float32")
    told = dict.fromkeys(("CROP", "PLANTING", "FERTZR_N"), (("site", "time"), day))
    soil = dict.fromkeys(SOIL, (("site",), np.array([300.0], "float32")))
    usual = Assumptions(soil=(("PH", 6.0),))
    found = predict_site_weather(model, tower.assign(told), "US-Xx1", usual)
    assert found.attrs["assumptions"] == "soil: PH 6; else mean of the training counties"
    found = predict_site_weather(model, tower.assign(told | soil), "US-Xx1", usual)
    assert found.attrs["assumptions"] == "none: the record holds every driver"


def test_what_cannot_be_run_says_why(model: Checkpoint, tower: xr.Dataset) -> None:
    with pytest.raises(SelectionError, match="US-Xx1"):
        predict_site_weather(model, tower, "US-Yy2")
    with pytest.raises(ModelError, match="no PRECN"):
        predict_site_weather(model, tower.drop_vars("PRECN"), "US-Xx1")
    with pytest.raises(ModelError, match="at least 365"):
        predict_site_weather(model, tower.isel(time=slice(0, 300)), "US-Xx1")


def test_a_gap_is_filled_as_it_is_said(model: Checkpoint, tower: xr.Dataset) -> None:
    """A short one without rain and along a line, a long one with the mean of that day of the other years."""
    short, long = slice(100, 103), slice(400, 440)
    gaps, told = tower.copy(deep=True), tower.copy(deep=True)
    for name in schema.WEATHER:
        for part in (short, long):
            gaps[name][0, part] = np.nan
        values = gaps[name].to_series().droplevel("site")
        usual = values.groupby(DAYS.day_of_year).mean()
        told[name][0, long] = usual.reindex(DAYS.day_of_year[long]).to_numpy()
        told[name][0, short] = 0.0 if name == "PRECN" else np.linspace(*values.iloc[[99, 103]], 5)[1:4]
    found, expected = (predict_site_weather(model, ds, "US-Xx1")["GPP"][0, 0] for ds in (gaps, told))
    shown = np.isfinite(found.to_numpy())
    assert np.flatnonzero(~shown).tolist() == list(range(400, 470))
    np.testing.assert_allclose(found[shown], expected[shown], atol=1e-6)


def test_assumptions_are_what_a_record_that_tells_them_would_say(model: Checkpoint, tower: xr.Dataset) -> None:
    day, corn = DAYS.day_of_year.to_numpy(), DAYS.year.to_numpy() != 2012
    management = {"CROP": corn, "PLANTING": day == 125, "FERTZR_N": np.where(corn & (day == 140), 16.8, 0.0)}
    own = tower.assign({name: (("site", "time"), value[None].astype("float32")) for name, value in management.items()})
    found = predict_site_weather(model, tower, "US-Xx1", Assumptions(rotate=True))
    np.testing.assert_allclose(found["GPP"], predict_site_weather(model, own, "US-Xx1")["GPP"], atol=1e-6)
