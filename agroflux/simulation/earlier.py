"""Simulated years before the bundled data sets: years that no model trained on those has seen.

A handful of held-out years tells little of how a model's error differs between years. These add more, at little cost:
annual values lie in ``assets/data/earlier-years.parquet`` (made by ``assets/build/earlier_years.py``), and the drivers
that a model needs for them are made anew from the county's weather, soil and usual practice; no engine runs.
"""

from functools import lru_cache

import pandas as pd
import xarray as xr

from agroflux.paths import ASSETS
from agroflux.simulation.county import benchmark_counties
from agroflux.simulation.drivers import driver_set
from agroflux.simulation.runs import Case
from agroflux.simulation.whatif import Change

#: First and last of the years: the weather and four years of spin-up allow no earlier one.
YEARS = (1995, 1999)
#: Bundled data set -> the soil model behind it.
SOIL_MODEL_OF = {"cornbelt-century": "century", "cornbelt-ceres": "ceres"}
#: Annual fluxes per hectare that the table holds, and their units.
UNITS = {
    "n2o": "kg N2O-N ha-1 yr-1",
    "nee": "t C ha-1 yr-1",
    "harvest": "t C ha-1 yr-1",
    "soil_carbon": "t C ha-1 yr-1",
}


def years() -> tuple[int, ...]:
    """The years, in order."""
    return tuple(range(YEARS[0], YEARS[1] + 1))


def annual(data: str, n_rate: float) -> xr.Dataset | None:
    """Simulated annual fluxes ``(site, crop, year)`` with their units, NaN in a year in which the crop does not grow.

    ``data``: id of a bundled data set; ``n_rate`` [kg N ha-1]. None where nothing was simulated for them.
    """
    table = _table()
    here = table[(table["soil_model"] == SOIL_MODEL_OF.get(data, "")) & (table["n_rate"] == n_rate)]
    if here.empty:
        return None
    found = here.set_index(["site", "crop", "year"])[list(UNITS)].astype(float).to_xarray()
    for name, unit in UNITS.items():
        found[name].attrs["units"] = unit
    return found


def annual_of_each(n_rate: float) -> dict[str, xr.Dataset]:
    """:func:`annual` of each bundled data set, by id, that has such years at ``n_rate`` [kg N ha-1]."""
    found = {data: annual(data, n_rate) for data in SOIL_MODEL_OF}
    return {data: one for data, one in found.items() if one is not None}


def drivers(n_rate: float) -> xr.Dataset:
    """Drivers of all benchmark counties for these years and two before, under the usual practice at ``n_rate``."""
    return driver_set([Case(str(fips), YEARS, Change(n_rate=n_rate)) for fips in benchmark_counties().index])


@lru_cache(maxsize=1)
def _table() -> pd.DataFrame:
    return pd.read_parquet(ASSETS / "data" / "earlier-years.parquet")
