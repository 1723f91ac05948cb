"""Climatology, ridge and boosting: fitted alike, asked alike, and none sees the years it is tested on."""

from functools import partial

import numpy as np
import pytest
import xarray as xr

from agroflux import contract, schema
from agroflux.baselines import boosting, references, registry, ridge
from agroflux.data import windows
from agroflux.errors import DataError, ModelError, SelectionError
from tests.synthetic_contract import tiny

TRAIN, TEST = [2000, 2001, 2002, 2003], 2004
FITS = {"ridge": partial(ridge.fit, rows=3000), "boosting": partial(boosting.fit, rows=3000, trees=30)}


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return tiny(3, 3, 5)


@pytest.fixture(scope="module")
def fitted(data: xr.Dataset) -> dict[str, references.Reference]:
    return {"climatology": references.fit("climatology", data, TRAIN)} | {n: f(data, TRAIN) for n, f in FITS.items()}


@pytest.mark.parametrize("name", registry.REFERENCES)
def test_each_predicts_a_whole_year_in_physical_units(
    name: str, data: xr.Dataset, fitted: dict[str, references.Reference]
) -> None:
    found = references.predict(fitted[name], data, [TEST])
    assert contract.problems(found.assign_attrs(licence="x", citation="x")) == []
    assert dict(found.sizes) == {"site": 3, "scenario": 3, "time": 365, "year": 1}
    for target in schema.TARGETS:
        assert np.isfinite(found[target].values).all(), target
    observed = data["GPP"].sel(time=str(TEST))
    assert float(abs(found["GPP"] - observed).mean()) < 0.5 * float(observed.std())


@pytest.mark.parametrize("name", list(FITS))
def test_weather_tells_them_more_than_the_calendar(
    name: str, data: xr.Dataset, fitted: dict[str, references.Reference]
) -> None:
    days = windows.span(data, [TEST])
    k, observed = schema.TARGETS.index("TMAX_SOIL_1"), data["TMAX_SOIL_1"].values[:, :, days]
    error = {n: np.square(fitted[n].predict(data, days)[..., k] - observed).mean() for n in (name, "climatology")}
    assert error[name] < 0.5 * error["climatology"]


@pytest.mark.parametrize("name", list(FITS))
def test_fitting_looks_at_its_years_alone_and_draws_the_same_days_again(
    name: str, data: xr.Dataset, fitted: dict[str, references.Reference]
) -> None:
    spoilt = data.copy(deep=True)
    for target in ("GPP", "NO3_1"):
        spoilt[target][:, :, -365:] = 1e6
    again = FITS[name](spoilt, TRAIN)
    days = windows.span(data, [TEST])
    np.testing.assert_array_equal(again.predict(data, days), fitted[name].predict(data, days))
    assert sorted(again.rows.values()) == [36, pytest.approx(3000, abs=9)]
    other = FITS[name](data, TRAIN, seed=1).predict(data, days)
    assert not np.array_equal(other, fitted[name].predict(data, days))


@pytest.mark.parametrize("name", list(FITS))
def test_a_block_of_sites_is_predicted_as_in_the_whole(
    name: str, data: xr.Dataset, fitted: dict[str, references.Reference]
) -> None:
    days = slice(4 * 365 + 20, 4 * 365 + 40)  # no year ends here: annual targets have no value
    whole = fitted[name].predict(data, days)
    np.testing.assert_array_equal(fitted[name].predict(data.isel(site=[1]), days), whole[1:2])
    annual = [schema.TARGETS.index(t) for t in schema.ANNUAL_TARGETS]
    assert np.isnan(whole[..., annual]).all()


def test_a_target_that_is_not_there_is_not_predicted(data: xr.Dataset) -> None:
    days = windows.span(data, [TEST])
    found = FITS["ridge"](data.drop_vars(["NH4_1", "Yield"]), TRAIN).predict(data, days)
    missing = np.isnan(found[..., -1, :]).all(axis=(0, 1))
    assert [t for t, gone in zip(schema.TARGETS, missing, strict=True) if gone] == ["Yield", "NH4_1"]
    with pytest.raises(DataError, match="no target has a value in 2000-2003"):
        ridge.fit(data.drop_vars(list(schema.TARGETS)), TRAIN)


def test_what_cannot_be_fitted_is_refused(data: xr.Dataset, fitted: dict[str, references.Reference]) -> None:
    with pytest.raises(ModelError, match="use one of climatology, ridge, boosting"):
        references.fit("lightgbm", data, TRAIN)
    with pytest.raises(SelectionError, match="1999"):
        references.fit("ridge", data, [1999, 2000])
    with pytest.raises(SelectionError, match="2010"):
        references.predict(fitted["ridge"], data, [2010])


def test_the_penalty_is_chosen_on_years_left_out_whole() -> None:
    year = np.repeat(np.arange(2000, 2007), 30)
    left_out = ridge._ridge((), year)[-1].estimator.cv
    assert len(left_out) == 5
    assert all(not set(year[train]) & set(year[test]) for train, test in left_out)
