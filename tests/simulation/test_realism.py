"""The bundled simulations against measured figures: the promises of assets/DATA.md."""

import pytest
import xarray as xr

from agroflux.data import catalog
from agroflux.simulation import realism
from agroflux.simulation.county import benchmark_counties


@pytest.fixture(scope="module", params=["century", "ceres"])
def bundle(request: pytest.FixtureRequest) -> xr.Dataset:
    names = ["GPP", "Reco", "NEE", "N2O_FLUX", "Yield", "Delta_SOC", "CROP"]
    return catalog.open_dataset(f"cornbelt-{request.param}")[names].load()


def test_carbon_closes(bundle: xr.Dataset) -> None:
    assert realism.closure(bundle) < 1e-4


def test_every_year_shows_both_crops(bundle: xr.Dataset) -> None:
    share = realism.crop_years(bundle).mean("site")
    assert ((share > 0.4) & (share < 0.6)).all()


def test_yields_are_those_of_the_corn_belt(bundle: xr.Dataset) -> None:
    found = realism.agreement(realism.yields(bundle, benchmark_counties()))
    assert found.loc["corn", "n"] >= 95
    assert abs(found.loc["corn", "bias"] / found.loc["corn", "reported"]) < 0.25
    assert abs(found.loc["soybean", "bias"] / found.loc["soybean", "reported"]) < 0.25


def test_n2o_rises_with_nitrogen_and_lies_in_the_published_range(bundle: xr.Dataset) -> None:
    table = realism.n2o_by_rate(bundle)
    assert table["rotation"].is_monotonic_increasing
    if bundle.attrs["simulator"] == "century":
        low, high = realism.PLAUSIBLE["N2O", "rotation"]
        assert low <= table.loc[168, "rotation"] <= high


def test_gpp_and_nee_are_plausible(bundle: xr.Dataset) -> None:
    for (name, crop), value in realism.carbon(bundle).items():
        low, high = realism.PLAUSIBLE[name, crop]
        assert low <= value <= high, (name, crop, value)


def test_agreement_is_worked_out_by_hand() -> None:
    import pandas as pd

    table = pd.DataFrame({"fips": list("abc"), "crop": "corn", "simulated": [1.0, 2, 4], "reported": [2.0, 2, 2.0]})
    found = realism.agreement(table.assign(reported=[2.0, 2.5, 3.0])).loc["corn"]
    assert found["bias"] == pytest.approx((-1 - 0.5 + 1) / 3)
    assert found["rmse"] == pytest.approx(((1 + 0.25 + 1) / 3) ** 0.5)
    assert found["r2"] == pytest.approx(0.9642857)


def test_what_soybean_sheds_is_known_to_be_missing(bundle: xr.Dataset) -> None:
    """Stated in assets/DATA.md: corn's carbon adds up, and soybean's lacks what it sheds while it grows."""
    missing = realism.unaccounted(bundle)
    assert abs(missing["corn"]) < 5
    assert -110 < missing["soybean"] < -60
