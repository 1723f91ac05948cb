"""A tower's own weather: gaps, assumptions, and what is not predicted."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux import contract, schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.errors import ModelError, SelectionError
from agroflux.inference.site_weather import Assumptions, predict_site_weather

DAYS = pd.date_range("2011-03-10", "2013-06-30", freq="D")


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


def test_drivers_that_were_measured_are_used(model: Checkpoint, tower: xr.Dataset) -> None:
    measured = tower.assign(SAND=(("site",), np.array([900.0], "float32"), {"units": "g kg-1"}))
    told = predict_site_weather(model, tower, "US-Xx1", Assumptions(soil=(("SAND", 900.0),)))
    found = predict_site_weather(model, measured, "US-Xx1")
    np.testing.assert_allclose(found["GPP"], told["GPP"], atol=1e-4)


def test_what_cannot_be_run_says_why(model: Checkpoint, tower: xr.Dataset) -> None:
    with pytest.raises(SelectionError, match="US-Xx1"):
        predict_site_weather(model, tower, "US-Yy2")
    with pytest.raises(ModelError, match="no PRECN"):
        predict_site_weather(model, tower.drop_vars("PRECN"), "US-Xx1")
    with pytest.raises(ModelError, match="at least a year"):
        predict_site_weather(model, tower.isel(time=slice(0, 300)), "US-Xx1")
