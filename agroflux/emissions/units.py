"""Conversions whose units are checked: an array in another unit is refused, never converted by guess.

N2O, carbon and applied nitrogen each walk their own chain, so that emitted N and applied N, or N2O and CO2,
cannot be exchanged::

    g N m-2 yr-1 -> kg N2O-N ha-1 yr-1 -(area)-> t N2O-N yr-1 -> t N2O yr-1 -(GWP)-> t CO2e yr-1
    g C m-2 yr-1 -> t C ha-1 yr-1      -(area)-> t C yr-1     -> t CO2 yr-1
                                                  t C yr-1     -> t grain yr-1 (dry)
    kg N ha-1 yr-1                     -(area)-> t N yr-1

Molar masses as in IPCC 2006 Guidelines, Volume 4: N2O/N2 = 44/28 (equation 11.1), CO2/C = 44/12.
"""

import re
from functools import cache
from typing import Literal, get_args

import xarray as xr

from agroflux import schema
from agroflux.errors import DataError

GwpSet = Literal["AR4", "AR5", "AR6"]
#: The IPCC assessment reports whose global warming potentials can be chosen.
GWP_SETS: tuple[GwpSet, ...] = get_args(GwpSet)
#: Time horizons of a global warming potential [yr].
HORIZONS = (100, 20)
#: GWP-20 of N2O that the package does not carry: IPCC AR4 WG1, Table 2.14 (lifetime 114 years: 289, 298 and 153 over
#: 20, 100 and 500 years); AR5 WG1, Table 8.A.1 (without climate-carbon feedbacks: 264 and 265 over 20 and 100 years).
_GWP20 = {"AR4": 289.0, "AR5": 264.0}

N2O_PER_N = 44.0 / 28.0
CO2_PER_C = 44.0 / 12.0
#: Carbon in dry grain [t C per t]: the figure that the simulations' Yield was made with.
GRAIN_CARBON = 0.42

AREA = "ha"
N2O_N_RATE, N2O_N, N2O, CO2E = "kg N2O-N ha-1 yr-1", "t N2O-N yr-1", "t N2O yr-1", "t CO2e yr-1"
C_RATE, C, CO2 = "t C ha-1 yr-1", "t C yr-1", "t CO2 yr-1"
N_RATE, N_APPLIED = "kg N ha-1 yr-1", "t N yr-1"
GRAIN = "t grain yr-1"
PER_GRAIN, PER_N = "kg CO2e (t grain)-1", "kg N2O-N (kg N)-1"

_CONVERSIONS: dict[tuple[str, str], float] = {
    ("g N m-2 yr-1", N2O_N_RATE): 10.0,  # 1 g m-2 = 10 kg ha-1
    ("g C m-2 yr-1", C_RATE): 0.01,
    (N2O_N, N2O): N2O_PER_N,
    (C, CO2): CO2_PER_C,
    (C, GRAIN): 1.0 / GRAIN_CARBON,
}
_OVER_AREA: dict[str, tuple[str, float]] = {
    N2O_N_RATE: (N2O_N, 1e-3),  # kg to t
    C_RATE: (C, 1.0),
    N_RATE: (N_APPLIED, 1e-3),
}


class UnitsError(DataError):
    """A quantity that is not in the unit a step needs."""


def units_of(array: xr.DataArray) -> str:
    """The unit an array carries; UnitsError where it carries none."""
    unit = array.attrs.get("units")
    if not unit:
        raise UnitsError(f"{array.name or 'a quantity'} carries no units: set its 'units' attribute")
    return str(unit)


def require(array: xr.DataArray, unit: str) -> xr.DataArray:
    """Return ``array`` unchanged if it is in ``unit``; UnitsError otherwise."""
    have = units_of(array)
    if have != unit:
        raise UnitsError(f"{array.name or 'a quantity'} is in {have!r}, but {unit!r} is needed: convert it first")
    return array


def per_year(array: xr.DataArray, name: str) -> xr.DataArray:
    """Yearly sums of the schema's variable ``name``, labelled per year.

    A daily rate summed over the days of a year goes from ``d-1`` to ``yr-1``; an annual value has no time in
    its schema unit and gets ``yr-1``. UnitsError where ``array`` is not in the schema's unit.
    """
    unit = schema.get(name).unit
    require(array, unit)
    return label(array, re.sub(r" d-1$", "", unit) + " yr-1")


def label(array: xr.DataArray, unit: str) -> xr.DataArray:
    """A copy of ``array`` that carries ``unit`` and no other attribute."""
    out = array.copy(deep=False)
    out.attrs = {"units": unit}
    return out


def convert(array: xr.DataArray, to: str) -> xr.DataArray:
    """``array`` in the unit ``to``; UnitsError where no such step exists."""
    have = units_of(array)
    factor = _CONVERSIONS.get((have, to))
    if factor is None:
        known = ", ".join(f"{b!r}" for a, b in _CONVERSIONS if a == have) or "nothing"
        raise UnitsError(f"{array.name or 'a quantity'} in {have!r} cannot become {to!r}: it converts to {known}")
    return label(array * factor, to)


def over_area(rate: xr.DataArray, area: xr.DataArray) -> xr.DataArray:
    """``rate`` per hectare times ``area`` [ha]: a mass a year [t]."""
    require(area, AREA)
    have = units_of(rate)
    if have not in _OVER_AREA:
        raise UnitsError(f"{rate.name or 'a quantity'} in {have!r} is no rate per hectare: {', '.join(_OVER_AREA)}")
    unit, factor = _OVER_AREA[have]
    return label(rate * area * factor, unit)


def add(*arrays: xr.DataArray) -> xr.DataArray:
    """The sum of arrays of one unit; UnitsError where two differ (N2O is not added to CO2 by accident)."""
    if not arrays:
        raise UnitsError("nothing to add: give at least one quantity")
    unit = units_of(arrays[0])
    total = arrays[0]
    for other in arrays[1:]:
        total = total + require(other, unit)
    return label(total, unit)


@cache
def potential(gwp: str, horizon: int = 100) -> float:
    """The global warming potential of N2O [t CO2e per t N2O] of an IPCC assessment report over ``horizon`` [yr].

    GWP-100: AR4 298, AR5 265 (without climate-carbon feedback), AR6 273; GWP-20: AR4 289, AR5 264, AR6 273. From
    the tables of the package ``globalwarmingpotentials``; GWP-20 of AR4 and AR5, which it does not carry, from the
    reports' own tables (AR4 WG1 Table 2.14, AR5 WG1 Table 8.A.1). UnitsError names what can be chosen.
    """
    import globalwarmingpotentials

    if gwp not in GWP_SETS:
        raise UnitsError(f"unknown GWP set {gwp!r}: choose one of {', '.join(GWP_SETS)}")
    if horizon not in HORIZONS:
        raise UnitsError(f"unknown GWP horizon {horizon!r}: choose {' or '.join(map(str, HORIZONS))} years")
    table = globalwarmingpotentials.data.get(f"{gwp}GWP{horizon}")
    return float(table["N2O"]) if table else _GWP20[gwp]


def co2e(n2o: xr.DataArray, gwp: str, horizon: int = 100) -> xr.DataArray:
    """N2O [t N2O yr-1] as CO2 equivalents [t CO2e yr-1] with the potential of ``gwp`` over ``horizon`` [yr]."""
    return label(require(n2o, N2O) * potential(gwp, horizon), CO2E)


def emitted(applied: xr.DataArray, share: float) -> xr.DataArray:
    """N2O-N [t N2O-N yr-1] that ``share`` [t N2O-N per t N] of the nitrogen ``applied`` [t N yr-1] becomes."""
    return label(require(applied, N_APPLIED) * share, N2O_N)
