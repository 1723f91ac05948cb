"""Random fields for domain randomisation: place, weather, soil, crops and their management, drawn by one seed.

What is drawn, each field for itself:

========== =====================================================================================================
climate    half of the fields a benchmark county (any of 99), a quarter each tower's (:mod:`.climates`)
soil       sand U(3, 85) %, clay U(4, 55) % (their sum at most 95 %), organic carbon 0.3-4 % (log-uniform),
           pH U(5, 8.2); water limits by Saxton and Rawls (2006); layers as in :mod:`.soil`. The counties of the
           benchmark lie inside: sand 5-82 %, clay 5-40 %. Drainage SLDR U(0.05, 0.5), conductivity 0.05-1 cm h-1
           (log-uniform), runoff curve U(65, 85), fertility U(0.65, 1)
crops      one to three kinds of :data:`agroflux.simulation.crops.CROPS`, in a random order year after year;
           planted on a day of the crop's window, five days earlier for each two degrees south of 42 N, with a
           cultivar of its own for each field, and harvested at a random age
nitrogen   rate uniform in the crop's range, none in one crop of seven; one to three doses from ten days before
           to fifty days after planting; urea ammonium nitrate, urea or ammonium nitrate, each its own placement
others     tilled or not; irrigated in a fifth of the fields, in four of five where it hardly rains
========== =====================================================================================================
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from agroflux.errors import SelectionError
from agroflux.simulation import climates
from agroflux.simulation.climates import Climate
from agroflux.simulation.county import benchmark_counties
from agroflux.simulation.crops import CROPS
from agroflux.simulation.dssat import Site
from agroflux.simulation.scenario import Fertiliser, SoilModel
from agroflux.simulation.sequence import CropSequence, Grown
from agroflux.simulation.soil import Drainage, Soil, county_soil, water_limits

#: Years before the first kept one.
SPIN_UP = 2
#: A run of more years would need more levels than the engine's two columns tell.
MOST_YEARS = 20
#: How often a crop is drawn, relative to the others.
WEIGHTS = {"corn": 3.0, "soybean": 3.0, "wheat": 2.0, "alfalfa": 3.0}
_FERTILISERS = (Fertiliser(), Fertiliser("FE005", "AP002", 5), Fertiliser("FE001", "AP001", 1))
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Field:
    """One random field: its place with soil and weather, what grows there, and the name of its climate and state."""

    site: Site
    sequence: CropSequence
    climate: str
    state: str


@lru_cache(maxsize=1)
def _counties() -> tuple[str, ...]:
    return tuple(benchmark_counties().index)


def draw(number: int, seed: int, years: tuple[int, int], soil_model: SoilModel) -> Field:
    """Field ``number`` of the set that ``seed`` names; ``years`` are kept. SelectionError for years that cannot be."""
    check_years(years)
    first, last = years
    rng = np.random.default_rng((seed, number))
    where = int(rng.integers(4))
    climate = (
        climates.county_climate(str(rng.choice(_counties())))
        if where < 2
        else climates.tower_climate(climates.TOWERS[where - 2])
    )
    soil = _soil(rng)
    weather = climates.drawn(climate, first - SPIN_UP - 1, last + 2, rng)
    dry = weather["PRECN"].groupby(weather.index.year).sum().mean() < 300
    sequence = CropSequence(
        _grown(climate, first - SPIN_UP, last, rng),
        first - SPIN_UP,
        first,
        last,
        soil_model,
        _FERTILISERS[int(rng.integers(len(_FERTILISERS)))],
        tilled=bool(rng.random() < 0.6),
        irrigated=bool(rng.random() < (0.8 if dry else 0.2)),
    )
    return Field(Site(climate.lat, climate.lon, soil, weather), sequence, climate.name, climate.state)


def check_years(years: tuple[int, int]) -> None:
    """SelectionError for years that the engine's dates of two digits cannot tell, or for too many."""
    first, last = years
    if not (1970 <= first <= last <= 2030 and last - first < MOST_YEARS):
        raise SelectionError(f"years {first}-{last}: give at most {MOST_YEARS} years from 1970 to 2030")


def earlier(lat: float) -> int:
    """Days by which spring crops are planted earlier than at 42 N: five for each two degrees south, at most 15."""
    return int(np.clip(2.5 * (42 - lat), 0, 15))


def _soil(rng: np.random.Generator) -> Soil:
    sand = rng.uniform(3, 85)
    clay = min(rng.uniform(4, 55), 95 - sand)
    carbon = float(np.exp(rng.uniform(np.log(0.3), np.log(4))))
    wilting, capacity = water_limits(sand / 100, clay / 100, min(carbon * 1.724, 8.0))
    facts = pd.Series(
        {
            "sand_pct": sand,
            "clay_pct": clay,
            "silt_pct": 100 - sand - clay,
            "soc_pct": carbon,
            "wilting_pct": 100 * wilting,
            "awc_cm_cm": capacity,
            "ph": rng.uniform(5, 8.2),
            "cec_cmol_kg": 3 + 0.5 * clay + 2 * carbon,
        }
    ).round(3)
    drainage = Drainage(rng.uniform(0.05, 0.5), float(np.exp(rng.uniform(np.log(0.05), 0))), rng.uniform(65, 85))
    return county_soil(facts, fertility=round(rng.uniform(0.65, 1.0), 2), drainage=drainage)


def _grown(climate: Climate, first: int, last: int, rng: np.random.Generator) -> tuple[Grown, ...]:
    """Crops from ``first`` to ``last``, each planted at least ten days after the one before was harvested."""
    names = list(CROPS)
    weights = np.array([WEIGHTS.get(name, 1.0) for name in names])
    kinds = rng.choice(names, size=int(rng.integers(1, 4)), replace=False, p=weights / weights.sum()).tolist()
    cultivars = {name: CROPS[name].cultivars[int(rng.integers(len(CROPS[name].cultivars)))] for name in kinds}
    usual = {name: rng.integers(*CROPS[name].sown) for name in kinds}
    found: list[Grown] = []
    free, end = pd.Timestamp(first - 1, 11, 12), pd.Timestamp(last, 12, 20)
    while len(found) < 4 * (last - first + 1):
        name = str(rng.choice(kinds))
        model = CROPS[name]
        jitter = int(rng.integers(-10, 11))
        shift = usual[name] + jitter - (0 if model.autumn else earlier(climate.lat)) - 1
        year = free.year
        while (planted := pd.Timestamp(year, 1, 1) + int(shift) * _DAY) < free:
            year += 1
        ended = planted + int(rng.integers(*model.season)) * _DAY
        if ended > end and not model.cuts:
            break
        ended = min(ended, end)
        if (ended - planted).days < 60:
            break
        rate = rng.uniform(*model.nitrogen) * (rng.random() > 1 / 7)
        cut_every = int(rng.integers(*model.cuts)) if model.cuts else 0
        plants = round(rng.uniform(*model.plants), 1)
        found.append(Grown(name, cultivars[name], planted, ended, plants, _doses(planted, rate, free, rng), cut_every))
        free = ended + 10 * _DAY
    return tuple(found)


def _doses(
    planted: pd.Timestamp, rate: float, free: pd.Timestamp, rng: np.random.Generator
) -> tuple[tuple[pd.Timestamp, float], ...]:
    """One to three doses [whole kg N ha-1] that add up to ``rate``; none of less than one."""
    shares = rng.dirichlet(np.full(int(rng.integers(1, 4)), 3.0))
    days = np.sort(rng.choice(np.arange(-10, 51), size=len(shares), replace=False))
    given = [
        (max(planted + int(day) * _DAY, free), round(share * rate)) for day, share in zip(days, shares, strict=True)
    ]
    return tuple((day, float(amount)) for day, amount in given if amount >= 1)
