"""One benchmark county: its facts, soil, weather and way of farming, put together for the engine."""

from functools import lru_cache

import pandas as pd

from agroflux.errors import SelectionError
from agroflux.paths import ASSETS
from agroflux.simulation.dssat import Site
from agroflux.simulation.scenario import Crop, Scenario, SoilModel, midwest_corn, midwest_soybean
from agroflux.simulation.soil import county_soil
from agroflux.simulation.weather import YEARS, county_weather

#: Soil fertility factor on photosynthesis (SLPF) of the region: the pests, weeds and losses that the engine does not
#: see; chosen on twenty counties. What it leaves is in assets/DATA.md.
FERTILITY = 0.76
#: How far a county's factor follows its reported yields: about the inverse of the yields' response to the factor.
YIELD_EXPONENT = 0.7
_INDEX_BOUNDS = (0.75, 1.2)


@lru_cache(maxsize=1)
def benchmark_counties() -> pd.DataFrame:
    """Facts of the 99 counties of the benchmark, indexed by FIPS, sorted."""
    table = pd.read_csv(ASSETS / "facts" / "counties.csv", dtype={"fips": str}).set_index("fips").sort_index()
    return table[table["benchmark"].astype(str) == "True"]


def yield_index(counties: pd.DataFrame) -> pd.Series:
    """A county's reported yields relative to the region's mean, averaged over corn and soybean; 1 where unreported.

    The engine's soils explain little of how yields differ between counties, so this difference is taken from the
    surveys (USDA NASS 2010-2019); it is bounded to 0.75-1.2.
    """
    reported = counties[["corn_yield_t_ha", "soybean_yield_t_ha"]]
    return (reported / reported.mean()).mean(axis=1).fillna(1.0).clip(*_INDEX_BOUNDS)


@lru_cache(maxsize=1)
def _fertility() -> pd.Series:
    return (FERTILITY * yield_index(benchmark_counties()) ** YIELD_EXPONENT).round(2)


def county_site(fips: str) -> Site:
    """Weather and soil of one benchmark county; SelectionError for another one."""
    counties = benchmark_counties()
    if fips not in counties.index:
        raise SelectionError(f"county {fips!r} is not one of the {len(counties)} benchmark counties")
    facts = counties.loc[fips]
    lat, lon = float(facts["lat_deg"]), float(facts["lon_deg"])
    return Site(lat, lon, county_soil(facts, fertility=float(_fertility()[fips])), county_weather(lat, lon))


def county_scenario(
    lat: float, first_crop: Crop, n_rate: float, soil_model: SoilModel, years: tuple[int, int], spin_up: int = 4
) -> Scenario:
    """The region's usual corn-soybean rotation at a latitude; ``years`` are kept, ``first_crop`` grows in the first.

    The run starts ``spin_up`` years before 2000 whatever years are kept, so that a shorter kept period has
    the same history as a longer one; SelectionError when the weather does not reach.
    """
    first, last = years
    start = min(2000, first) - spin_up
    if first > last:
        raise SelectionError(f"years {first}-{last}: the first comes after the last")
    if start - 1 < YEARS[0] or last + 2 > YEARS[1]:
        raise SelectionError(f"years {first}-{last}: the weather allows {YEARS[0] + spin_up + 1} to {YEARS[1] - 2}")
    return Scenario(
        first_crop=first_crop,
        n_rate=n_rate,
        soil_model=soil_model,
        corn=midwest_corn(lat),
        soybean=midwest_soybean(lat),
        first_year=start,
        last_year=last,
        keep_from=first,
    )
