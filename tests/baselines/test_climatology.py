"""Day-of-year climatology by crop and N rate, against a plain loop."""

import numpy as np
import pytest
import xarray as xr

from agroflux import schema
from agroflux.baselines import climatology
from agroflux.data import windows
from agroflux.errors import SelectionError
from tests.synthetic_contract import tiny


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return tiny(3, 2, 4)


def test_a_day_is_the_mean_over_sites_and_years_of_that_crop_and_rate(data: xr.Dataset) -> None:
    fitted = climatology.fit(data, [2000, 2001, 2002], site_block=2)
    day, rate = 200, 1
    for crop in (0, 1):
        values = [
            float(data["GPP"][site, rate, 365 * year + day])
            for site in range(3)
            for year in range(3)
            if int(data["CROP"][site, 365 * year]) == crop
        ]
        assert fitted.mean[crop, rate, day, schema.TARGETS.index("GPP")] == pytest.approx(np.mean(values), rel=1e-5)


def test_it_predicts_by_crop_rate_and_day(data: xr.Dataset) -> None:
    fitted = climatology.fit(data, [2000, 2001])
    days = windows.span(data, [2003])
    got = fitted.predict(data, days)
    assert got.shape == (3, 2, 365, 20)
    crop = int(data["CROP"][1, 365 * 3])
    np.testing.assert_allclose(got[1, 0], fitted.mean[crop, 0, :365], rtol=1e-6)
    annual = schema.TARGETS.index("Yield")
    assert np.ptp(got[1, 0, :, annual]) == 0


def test_scenarios_of_one_rate_share_a_climatology(data: xr.Dataset) -> None:
    twice = data.isel(scenario=[0, 0, 1]).assign_coords(scenario=["a", "b", "c"])
    fitted = climatology.fit(twice, [2000, 2001])
    assert fitted.rates.tolist() == [0.0, 336.0]
    np.testing.assert_allclose(fitted.mean, climatology.fit(data, [2000, 2001]).mean, rtol=1e-6)


def test_the_crop_may_follow_from_the_scenario_alone(data: xr.Dataset) -> None:
    same = data.isel(site=[0, 2])  # both grow corn in the same years
    crop = same["CROP"].isel(site=0, drop=True).expand_dims(scenario=same["scenario"])
    fitted = climatology.fit(same, [2000, 2001])
    days = windows.span(same, [2003])
    other = same.assign(CROP=crop)
    np.testing.assert_allclose(climatology.fit(other, [2000, 2001]).mean, fitted.mean)
    np.testing.assert_allclose(fitted.predict(other, days), fitted.predict(same, days))


def test_a_rate_it_never_saw_is_refused(data: xr.Dataset) -> None:
    fitted = climatology.fit(data.isel(scenario=[0]), [2000, 2001])
    with pytest.raises(SelectionError, match="336"):
        fitted.predict(data, slice(0, 365))


def test_leap_days_do_not_shift_the_year() -> None:
    days = np.array(["2015-03-01", "2016-02-28", "2016-02-29", "2016-03-01", "2016-12-31"], "datetime64[ns]")
    assert climatology.day_of_year(xr.Dataset(coords={"time": days})).tolist() == [59, 58, 365, 59, 364]


def test_a_cell_without_values_takes_the_mean_of_the_nearest_group_that_has_some(data: xr.Dataset) -> None:
    k = schema.TARGETS.index("GPP")
    whole = climatology.fit(data, [2000, 2001])
    day = xr.DataArray(np.tile(np.arange(365), 4), dims="time")
    lost = (data["CROP"] == 1) & (data["n_rate"] == 0) & (day == 200)
    lost = lost | ((data["n_rate"] == 0) & (day == 201)) | (day == 202)
    gaps = data.assign(GPP=data["GPP"].where(~lost))
    mean = climatology.fit(gaps, [2000, 2001]).mean[..., k]
    values = data["GPP"].values[:, :, : 2 * 365].reshape(3, 2, 2, 365)
    np.testing.assert_allclose(mean[1, 0, 200], whole.mean[0, 0, 200, k], rtol=1e-5)  # the other crop, same rate
    np.testing.assert_allclose(mean[:, 0, 201], np.full(3, values[:, 1, :, 201].mean()), rtol=1e-5)  # the other rate
    assert np.isnan(mean[..., 202]).all()  # no value at all
    np.testing.assert_allclose(mean[2, 0, 203], values[:, 0, :, 203].mean(), rtol=1e-5)  # no crop is known
    np.testing.assert_array_equal(mean[:2, :, 203:365], whole.mean[:2, :, 203:365, k])


def test_a_leap_day_that_training_never_saw_is_told_by_the_days_beside_it(data: xr.Dataset) -> None:
    """The tests' calendar has no leap day, as that of the bundled simulations."""
    mean = climatology.fit(data, [2000, 2001]).mean
    np.testing.assert_allclose(mean[:2, :, 365], mean[:2, :, 58:60].mean(axis=2), rtol=1e-6)
    annual = schema.TARGETS.index("Yield")
    assert (np.ptp(mean[..., annual], axis=2) == 0).all()


def test_data_without_rates_are_refused(data: xr.Dataset) -> None:
    with pytest.raises(SelectionError, match="by N rate"):
        climatology.fit(data.drop_vars("n_rate"), [2000, 2001])
