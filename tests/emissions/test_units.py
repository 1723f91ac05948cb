"""Conversions by hand, and the refusal to mix units."""

import globalwarmingpotentials
import numpy as np
import pytest
import xarray as xr

from agroflux.emissions import units
from agroflux.emissions.units import UnitsError
from agroflux.simulation.outputs import CARBON


def _q(value: float, unit: str | None) -> xr.DataArray:
    return xr.DataArray(value, name="q", attrs={} if unit is None else {"units": unit})


@pytest.mark.parametrize(
    ("gwp", "hundred", "twenty"), [("AR4", 298.0, 289.0), ("AR5", 265.0, 264.0), ("AR6", 273.0, 273.0)]
)
def test_potentials_of_n2o(gwp: str, hundred: float, twenty: float) -> None:
    assert units.potential(gwp) == units.potential(gwp, 100) == hundred
    assert units.potential(gwp, 20) == twenty


def test_potentials_are_those_of_the_package_wherever_it_carries_them() -> None:
    carried = {name: table["N2O"] for name, table in globalwarmingpotentials.data.items()}
    ours = {f"{gwp}GWP{years}": units.potential(gwp, years) for gwp in units.GWP_SETS for years in units.HORIZONS}
    assert {name: ours[name] for name in ours.keys() & carried.keys()} == {
        name: carried[name] for name in ours.keys() & carried.keys()
    }
    assert ours.keys() - carried.keys() == {"AR4GWP20", "AR5GWP20"}, "what the package lacks is ours to keep"


def test_unknown_gwp_set_is_named() -> None:
    with pytest.raises(UnitsError, match=r"'AR7'.*AR4, AR5, AR6"):
        units.potential("AR7")
    with pytest.raises(UnitsError, match="100 or 20 years"):
        units.potential("AR6", 500)


def test_grain_and_emitted_nitrogen_by_hand() -> None:
    # 42 t C in grain are 100 t of dry grain; 1.1 % of 1,000 t N leave as 11 t N2O-N
    assert float(units.convert(_q(42.0, "t C yr-1"), units.GRAIN)) == pytest.approx(100.0)
    assert units.GRAIN_CARBON == CARBON
    assert float(units.emitted(_q(1000.0, "t N yr-1"), 0.011)) == pytest.approx(11.0)
    with pytest.raises(UnitsError):
        units.emitted(_q(1000.0, "t N2O-N yr-1"), 0.011)


def test_n2o_chain_by_hand() -> None:
    # 0.28 g N m-2 = 2.8 kg N ha-1; x 1,000 ha = 2.8 t N = 4.4 t N2O = 1,201.2 t CO2e with AR6
    rate = units.convert(_q(0.28, "g N m-2 yr-1"), units.N2O_N_RATE)
    mass = units.over_area(rate, _q(1000.0, "ha"))
    n2o = units.convert(mass, units.N2O)
    assert float(rate) == pytest.approx(2.8, rel=1e-12)
    assert float(mass) == pytest.approx(2.8, rel=1e-12)
    assert float(n2o) == pytest.approx(4.4, rel=1e-12)
    assert float(units.co2e(n2o, "AR6")) == pytest.approx(1201.2, rel=1e-12)
    assert [a.attrs["units"] for a in (rate, mass, n2o, units.co2e(n2o, "AR6"))] == [
        "kg N2O-N ha-1 yr-1",
        "t N2O-N yr-1",
        "t N2O yr-1",
        "t CO2e yr-1",
    ]


def test_carbon_chain_by_hand() -> None:
    # -300 g C m-2 = -3 t C ha-1; x 200 ha = -600 t C = -2,200 t CO2
    rate = units.convert(_q(-300.0, "g C m-2 yr-1"), units.C_RATE)
    co2 = units.convert(units.over_area(rate, _q(200.0, "ha")), units.CO2)
    assert float(rate) == pytest.approx(-3.0)
    assert float(co2) == pytest.approx(-2200.0)
    assert co2.attrs["units"] == "t CO2 yr-1"


@pytest.mark.parametrize(
    ("have", "to"),
    [
        ("g N m-2 d-1", units.N2O_N_RATE),  # a daily rate
        ("g C m-2 yr-1", units.N2O_N_RATE),  # carbon for nitrogen
        ("t N yr-1", units.N2O),  # applied nitrogen for emitted
        ("t N2O yr-1", units.CO2),
        ("t N2O yr-1", units.CO2E),  # only with a GWP set
        (None, units.N2O),
    ],
)
def test_wrong_units_are_refused(have: str | None, to: str) -> None:
    with pytest.raises(UnitsError):
        units.convert(_q(1.0, have), to)


def test_n2o_and_co2_cannot_be_added() -> None:
    with pytest.raises(UnitsError, match=r"t CO2 yr-1.*t CO2e yr-1"):
        units.add(_q(1.0, "t CO2e yr-1"), _q(1.0, "t CO2 yr-1"))
    assert float(units.add(_q(1.0, "t CO2 yr-1"), _q(2.0, "t CO2 yr-1"))) == 3.0


def test_area_must_be_hectares() -> None:
    with pytest.raises(UnitsError, match="'acre'"):
        units.over_area(_q(1.0, units.N2O_N_RATE), _q(1.0, "acre"))
    with pytest.raises(UnitsError, match="no rate per hectare"):
        units.over_area(_q(1.0, units.N2O), _q(1.0, "ha"))


def test_co2e_takes_n2o_only() -> None:
    with pytest.raises(UnitsError):
        units.co2e(_q(1.0, "t N2O-N yr-1"), "AR6")


def test_per_year_checks_the_schema_unit() -> None:
    assert units.per_year(_q(1.0, "g N m-2 d-1"), "N2O_FLUX").attrs["units"] == "g N m-2 yr-1"
    assert units.per_year(_q(1.0, "g C m-2"), "Yield").attrs["units"] == "g C m-2 yr-1"
    with pytest.raises(UnitsError):
        units.per_year(_q(1.0, "kg N ha-1 d-1"), "N2O_FLUX")


def test_conversion_leaves_its_input_alone() -> None:
    before = xr.DataArray(np.array([1.0]), dims="x", attrs={"units": "t C yr-1"})
    after = units.convert(before, units.CO2)
    assert before.attrs["units"] == "t C yr-1"
    assert after.attrs["units"] == "t CO2 yr-1"
