"""IPCC Tier 1 beside the simulated figure: direct N2O from synthetic nitrogen, with the range of the factor.

2019 Refinement to the 2006 IPCC Guidelines, Volume 4, Chapter 11, Table 11.1 (EF1) and equation 11.1. What is
compared: Tier 1 counts what the applied nitrogen adds; a simulation counts all N2O of the field, background
included. The figure to hold against Tier 1 is therefore the simulated N2O *due to fertiliser*: the chosen rate minus
the same fields without nitrogen. Left out of Tier 1 here: crop residues (Tier 1's term for soybean, whose fixed N
counts only through residues), manure, mineralised soil N and indirect N2O from leaching and volatilisation.
"""

from functools import cache

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.emissions import units
from agroflux.emissions.indirect import Factor, share, share_draws
from agroflux.emissions.totals import REGION, Totals
from agroflux.errors import DataError

SOURCE = "IPCC 2019 Refinement, Volume 4, Chapter 11, Table 11.1"
#: Why the wet factor is the one to compare with; :mod:`agroflux.emissions.climate` holds the ratio of the data.
WET_REASON = (
    "Table 11.1 calls a temperate climate wet where annual precipitation exceeds potential evapotranspiration, and "
    "dry otherwise."
)
LEFT_OUT = (
    "Tier 1 here is direct N2O from synthetic nitrogen alone: crop residues (soybean's term), manure, mineralised "
    "soil nitrogen and indirect N2O are left out. The simulated totals hold everything the field emits, background "
    "included, so the figure that compares is the one due to fertiliser."
)


WITH_INDIRECT = "The row with indirect N2O adds what the same nitrogen gives off elsewhere (Table 11.3)."

#: EF1 [t N2O-N per t N] for synthetic fertiliser: by climate, and aggregated over climates. The lower end over all
#: climates is 0.001 in the table; the package bonsai-ipcc writes 0.002, which is the end of EF4 (Table 11.3).
EF1: dict[str, Factor] = {
    "wet": Factor("wet climate 1.6 %", 0.016, 0.013, 0.019),
    "aggregated": Factor("all climates 1.0 %", 0.010, 0.001, 0.018),
    "dry": Factor("dry climate 0.5 %", 0.005, 0.0, 0.011),
}

#: Names of the data's rows in :func:`compare`.
ALL_FIELDS, CORN_FIELDS, DUE = "Fields: corn and soybean", "Fields: corn", "Fields: due to fertiliser"

_COLUMNS = ("place", "estimate", "kind", "n_applied_t_n", "n2o_t", "low_t", "high_t")


def applied_n(area: xr.DataArray, rate: xr.DataArray) -> xr.DataArray:
    """Nitrogen applied [t N yr-1]: ``area`` [ha] times ``rate`` [kg N ha-1 yr-1]."""
    return units.over_area(units.require(rate, units.N_RATE), area)


def direct_n2o(applied: xr.DataArray, factor: Factor) -> xr.Dataset:
    """Direct N2O [t N2O yr-1] of ``applied`` [t N yr-1]: variables ``best``, ``low``, ``high``."""
    units.require(applied, units.N_APPLIED)
    return xr.Dataset(
        {
            name: units.convert(units.emitted(applied, ef), units.N2O)
            for name, ef in (("best", factor.value), ("low", factor.low), ("high", factor.high))
        }
    )


def compare(
    simulated: Totals,
    unfertilised: Totals | None,
    facts: pd.DataFrame,
    *,
    indirect: bool = False,
    shares: pd.Series | None = None,
    farms: bool = True,
) -> pd.DataFrame:
    """Simulated N2O and Tier 1 for the region and, where it lies in several, each state, one row an estimate.

    ``unfertilised``: the same choice at 0 kg N ha-1, where the data set has it, of the same fields or some of them:
    the row due to fertiliser is of these alone, its nitrogen too, and absent where there are none. ``facts``: county
    facts by FIPS with ``farm_n_2012_t``. Tier 1 stands on two amounts of nitrogen: the simulated one (corn area x
    rate), and what farms of the same counties applied to all crops in 2012, unless ``farms`` is False, as they say
    nothing of areas other than the survey's; ``shares`` [1] by FIPS are of counties that a region cuts (None: all are
    whole). ``indirect``: also direct and indirect N2O together, its range the 95 % interval of factors drawn from
    their ranges. Columns: place, estimate, kind (``data`` or ``tier1``), n_applied_t_n [t N yr-1], n2o_t, low_t, high_t
    [t N2O yr-1] (NaN: no range; none of the simulated rows has one here).
    """
    crops = simulated.crops
    due = _due_to_fertiliser(simulated, unfertilised)
    on_farms = facts["farm_n_2012_t"] if shares is None else facts["farm_n_2012_t"].reindex(shares.index) * shares
    rows: list[tuple[object, ...]] = []
    states = sorted(crops["state"].unique())
    for place in [REGION, *(states if len(states) > 1 else ())]:
        here = crops if place == REGION else crops[crops["state"] == place]
        corn = here[here["crop"] == "corn"]
        rate_n = applied_n(_quantity(corn["area_ha"].sum(), units.AREA), _quantity(simulated.n_rate, units.N_RATE))
        farm_n = _quantity(on_farms.loc[here["fips"].unique()].sum(), units.N_APPLIED)
        fields = {ALL_FIELDS: here["n2o_t"].sum(), CORN_FIELDS: corn["n2o_t"].sum()}
        rows += [(place, name, "data", rate_n.item(), n2o, None, None) for name, n2o in fields.items()]
        told = here.index[due.loc[here.index].notna()]
        if len(told):
            applied = here.loc[told, "n_applied_t_n"].sum()
            rows.append((place, DUE, "data", applied, due.loc[told].sum(), None, None))
        rows += [_tier1_row(place, f"Tier 1, {EF1[k].label}", rate_n, EF1[k]) for k in EF1]
        if farms:
            rows.append(_tier1_row(place, "Tier 1 on farm N of 2012, wet 1.6 %", farm_n, EF1["wet"]))
        if indirect:
            rows.append(_tier1_row(place, "Tier 1, wet climate, direct and indirect", rate_n, _with_indirect()))
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(dict.fromkeys(_COLUMNS[3:], float))


def implied_factor(comparison: pd.DataFrame, place: str = REGION) -> float:
    """Share of the applied N that the simulation emits as N2O-N because of it [1]; NaN where it cannot be told."""
    row = comparison[(comparison["place"] == place) & (comparison["estimate"] == DUE)]
    if row.empty or not row["n_applied_t_n"].iloc[0] > 0:
        return float("nan")
    return float(row["n2o_t"].iloc[0] / units.N2O_PER_N / row["n_applied_t_n"].iloc[0])


def _quantity(value: float, unit: str) -> xr.DataArray:
    return xr.DataArray(float(value), attrs={"units": unit})


def _tier1_row(place: str, estimate: str, applied: xr.DataArray, factor: Factor) -> tuple[object, ...]:
    n2o = direct_n2o(applied, factor)
    best, low, high = (n2o[v].item() for v in ("best", "low", "high"))
    return place, estimate, "tier1", applied.item(), best, low, high


@cache
def _with_indirect() -> Factor:
    """EF1 of a wet climate and the indirect share, added; 95 % interval of 10,000 draws of all factors."""
    rng = np.random.default_rng(0)
    drawn = EF1["wet"].draw(rng, 10_000) + share_draws(rng, 10_000)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Factor("direct and indirect", EF1["wet"].value + share(), float(low), float(high))


def _due_to_fertiliser(simulated: Totals, unfertilised: Totals | None) -> pd.Series:
    """N2O [t N2O yr-1] of each row of ``simulated.crops`` less that of the same field without nitrogen, else NaN."""
    crops = simulated.crops
    if unfertilised is None:
        return pd.Series(np.nan, index=crops.index)
    keys = ["fips", "crop", "area_ha"]
    same = unfertilised.n_rate == 0 and unfertilised.years == simulated.years
    bare = pd.Series(unfertilised.crops["n2o_t"].to_numpy(), pd.MultiIndex.from_frame(unfertilised.crops[keys]))
    fields = pd.MultiIndex.from_frame(crops[keys])
    if not same or not bare.index.isin(fields).all():
        raise DataError("the unfertilised totals are not of the same counties, areas and years: make both alike")
    return pd.Series(crops["n2o_t"].to_numpy() - bare.reindex(fields).to_numpy(), index=crops.index)
