"""Which years stand for a crop, and what its mean flux per hectare is: worked by hand on the made rotation."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from agroflux.emissions.fluxes import crop_fluxes, with_crops
from agroflux.emissions.sums import whole_years
from agroflux.emissions.units import UnitsError
from agroflux.errors import DataError, SelectionError

Rotation = Callable[..., xr.Dataset]


def _at_168(rotation: Rotation) -> xr.Dataset:
    return rotation().isel(scenario=[1])


def test_corn_is_the_mean_of_the_corn_years_in_the_period(rotation: Rotation) -> None:
    result = crop_fluxes(_at_168(rotation), [2013, 2014, 2015, 2016])
    # Polk's corn years 2013 and 2015: 365 x 0.001 and 365 x 0.0012 g N m-2, mean 0.4015 g m-2 = 4.015 kg ha-1
    assert float(result["n2o"].sel(site="19153", crop="corn")) == pytest.approx(4.015, rel=1e-12)
    # Champaign's are 2014 and 2016: 365 x (0.0011 + 0.0013) / 2 = 0.438
    assert float(result["n2o"].sel(site="17019", crop="corn")) == pytest.approx(4.38, rel=1e-12)
    assert float(result["n2o"].sel(site="19169", crop="soybean")) == pytest.approx(0.73, rel=1e-12)
    assert float(result["nee"].sel(site="19153", crop="corn")) == pytest.approx(-3.65, rel=1e-12)
    assert float(result["harvest"].sel(site="19153", crop="soybean")) == pytest.approx(1.0, rel=1e-12)
    assert float(result["soil_carbon"].sel(site="19153", crop="soybean")) == pytest.approx(-0.05, rel=1e-12)
    assert result["crop_years"].sel(site="19153").values.tolist() == ["2013, 2015", "2014, 2016"]
    assert result["years_away"].values.tolist() == [[0, 0]] * 3


def test_a_single_year_borrows_the_other_crop_from_its_nearest_years(rotation: Rotation) -> None:
    result = crop_fluxes(_at_168(rotation), [2014])
    # 2014 is a soybean year in Polk: corn comes from 2013 and 2015, equally near
    assert str(result["crop_years"].sel(site="19153", crop="corn").values) == "2013, 2015"
    assert float(result["years_away"].sel(site="19153", crop="corn")) == 1
    assert float(result["n2o"].sel(site="19153", crop="corn")) == pytest.approx(4.015)
    # and a corn year in Champaign, which then uses that year alone
    assert str(result["crop_years"].sel(site="17019", crop="corn").values) == "2014"
    assert float(result["n2o"].sel(site="17019", crop="corn")) == pytest.approx(365 * 0.0011 * 10)


def test_at_the_edge_only_one_neighbour_stands_in(rotation: Rotation) -> None:
    result = crop_fluxes(_at_168(rotation), [2016])
    assert str(result["crop_years"].sel(site="19153", crop="corn").values) == "2015"
    assert float(result["n2o"].sel(site="19153", crop="corn")) == pytest.approx(365 * 0.0012 * 10)


def test_two_rotation_phases_of_one_rate_are_averaged(rotation: Rotation) -> None:
    ds = _at_168(rotation)
    other = ds.copy()
    other["CROP"] = 1 - ds["CROP"]
    other["N2O_FLUX"] = ds["N2O_FLUX"] * 0 + 0.002
    both = xr.concat([ds, other], dim="scenario", data_vars="all", coords="different", compat="equals")
    assert both["CROP"].dims[0] == "scenario"
    result = crop_fluxes(both, [2013])
    # corn in 2013: 0.365 from the first phase; the second grows soybean that year
    assert float(result["n2o"].sel(site="19153", crop="corn")) == pytest.approx(3.65)
    assert float(result["n2o"].sel(site="19153", crop="soybean")) == pytest.approx(7.3)
    assert result["years_away"].values.max() == 0


def test_co2_flux_or_reco_less_gpp_stands_in_for_nee(rotation: Rotation) -> None:
    ds = _at_168(rotation)
    nee = ds["NEE"]
    parts = ds.drop_vars("NEE").assign(GPP=nee * 0 + 5.0, Reco=nee + 5.0)
    for name in ("GPP", "Reco"):
        parts[name].attrs["units"] = "g C m-2 d-1"
    for variant in (ds.rename(NEE="CO2_FLUX"), parts):
        assert float(crop_fluxes(variant, [2013])["nee"].sel(site="19153", crop="corn")) == pytest.approx(-3.65)
    assert "nee" not in crop_fluxes(ds.drop_vars("NEE"), [2013])


def test_a_missing_day_makes_the_flux_missing_not_smaller(rotation: Rotation) -> None:
    ds = _at_168(rotation)
    ds["N2O_FLUX"] = ds["N2O_FLUX"].copy()
    ds["N2O_FLUX"][0, 0, 10] = np.nan  # Polk, 11 January 2013, a corn year
    result = crop_fluxes(ds, [2013, 2014])
    assert np.isnan(result["n2o"].sel(site="19153", crop="corn"))
    assert float(result["n2o"].sel(site="19153", crop="soybean")) == pytest.approx(0.73)


def test_a_crop_that_never_grows_is_missing(rotation: Rotation) -> None:
    ds = _at_168(rotation)
    ds["CROP"] = ds["CROP"] * 0 + 1
    result = crop_fluxes(ds, [2013])
    assert np.isnan(result["n2o"].sel(crop="soybean")).all()
    assert (result["crop_years"].sel(crop="soybean") == "").all()


def test_partial_years_are_not_years(rotation: Rotation) -> None:
    ds = _at_168(rotation).isel(time=slice(0, -1))
    assert whole_years(ds) == [2013, 2014, 2015]
    with pytest.raises(SelectionError, match=r"2016 is not \(whole\).*2013 to 2015"):
        crop_fluxes(ds, [2016])
    leap = ds.assign_attrs(calendar="standard")
    assert whole_years(leap) == [2013, 2014, 2015]  # 2016, a leap year, would need 366 days


def test_what_it_cannot_work_with_is_refused(rotation: Rotation) -> None:
    ds = _at_168(rotation)
    with pytest.raises(DataError, match="no N2O_FLUX"):
        crop_fluxes(ds.drop_vars("N2O_FLUX"), [2013])
    with pytest.raises(DataError, match="measured sites"):
        crop_fluxes(ds.assign_attrs(kind="observation"), [2013])
    with pytest.raises(SelectionError, match="no year chosen: the data hold 2013 to 2016"):
        crop_fluxes(ds, [])
    wrong = ds.copy()
    wrong["N2O_FLUX"] = ds["N2O_FLUX"].assign_attrs(units="kg N ha-1 d-1")
    with pytest.raises(UnitsError, match="kg N ha-1 d-1"):
        crop_fluxes(wrong, [2013])
    mixed = ds.copy()
    mixed["CROP"] = ds["CROP"].copy()
    mixed["CROP"][0, 200:] = 0
    with pytest.raises(DataError, match="CROP changes or is missing within 2013"):
        crop_fluxes(mixed, [2013])


def test_a_prediction_takes_the_crops_it_was_made_with(rotation: Rotation) -> None:
    ds = rotation()
    prediction = (
        ds.drop_vars("CROP").isel(site=[2, 0], scenario=[1], time=slice(365, None)).sel(year=[2014, 2015, 2016])
    )
    again = with_crops(prediction, ds)
    assert again["CROP"].values[:, 0].tolist() == [1, 0]  # 2014: corn in Champaign, soybean in Polk
    assert str(crop_fluxes(again, [2014])["crop_years"].sel(site="19153", crop="corn").values) == "2015"
    assert with_crops(ds, ds) is ds
