"""The benchmark's set: 99 counties x nitrogen rates x rotation phases, piece by piece, resumable.

A piece is one rotation: county, rate, phase. Finished, it lies in ``parts/FIPS-RATE-CROP.npz`` (written beside, then
renamed), so that a stopped run goes on where it was. A piece that fails leaves a ``.failed.txt``, is reported, does
not stop the rest, and is tried again next time. Rates are taken in an order that covers their range early.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from agroflux.errors import SimulationError
from agroflux.simulation import dssat, fingerprint, workspace
from agroflux.simulation.county import benchmark_counties, county_scenario, county_site
from agroflux.simulation.parts import claim, run_parts, write_part
from agroflux.simulation.scenario import Crop, SoilModel

#: Daily variables that differ by scenario, and those that are the same for all nitrogen rates or all scenarios.
DAILY = (
    "Reco", "GPP", "NPP", "Rh", "TMAX_SOIL_1", "TMIN_SOIL_1", "TMAX_SOIL_3", "TMIN_SOIL_3", "TMAX_SOIL_5",
    "TMIN_SOIL_5", "WTR_1", "WTR_3", "WTR_5", "ET", "N2O_FLUX", "NH4_1", "NO3_1", "NO3_3", "NO3_5", "FERTZR_N",
)  # fmt: skip
PHASE = ("PLANTING", "CROP")
WEATHER = ("TMAX", "TMIN", "PRECN", "SRAD")
ANNUAL = ("Yield", "Delta_SOC")
Phases = Literal["both", "alternate"]
PHASES: tuple[Crop, ...] = ("corn", "soybean")
#: (county FIPS, nitrogen rate [kg N ha-1], first crop)
Piece = tuple[str, float, Crop]


@dataclass(frozen=True)
class Plan:
    """What to simulate. ``phases``: ``both`` rotation phases in each county, or ``alternate``: every second county

    starts with corn, the others with soybean, so that every year shows both crops.
    """

    soil_model: SoilModel
    n_rates: tuple[float, ...]
    years: tuple[int, int]
    phases: Phases = "both"

    def phases_of(self, fips: str) -> tuple[Crop, ...]:
        return PHASES if self.phases == "both" else (own_phase(fips),)

    def pieces(self, fips: Iterable[str]) -> list[Piece]:
        """All rotations in the order of work: five rates that span the range, then the next five, and so on.

        Within five rates each county's own phase comes first, so that the bundled data are ready early.
        """
        codes = list(fips)
        order = [self.n_rates[i] for i in spread_order(self.n_rates)]
        found = []
        for start in range(0, len(order), 5):
            block = [(c, r, p) for r in order[start : start + 5] for c in codes for p in self.phases_of(c)]
            found += sorted(block, key=lambda piece: piece[2] != own_phase(piece[0]))
        return found


def own_phase(fips: str) -> Crop:
    """The crop of a county's first year when each county has one phase: corn in every second county by FIPS."""
    return PHASES[int(benchmark_counties().index.get_indexer([fips])[0]) % 2]


def benchmark_rates(n: int) -> tuple[float, ...]:
    """``n`` nitrogen rates [kg N ha-1] from 0 to 336, equally spaced.

    The benchmark's 20 are spaced by 16.8 up to 252 and by 21 above, so that the five bundled rates
    (0, 84, 168, 252, 336) are among them.
    """
    if n == 20:
        return tuple(np.round(np.concatenate([np.arange(16) * 16.8, 252 + 21 * np.arange(1, 5)]), 3).tolist())
    return tuple(np.round(np.linspace(0, 336, n), 3).tolist()) if n > 1 else (168.0,)


def spread_order(rates: Sequence[float]) -> list[int]:
    """Indices of ``rates`` so that any first few are spread over the range: both ends, then the farthest left."""
    order = [0, len(rates) - 1] if len(rates) > 1 else [0]
    while len(order) < len(rates):
        left = [i for i in range(len(rates)) if i not in order]
        order.append(max(left, key=lambda i: min(abs(rates[i] - rates[j]) for j in order)))
    return order


def piece_name(piece: Piece) -> str:
    """File name (without ending) of a piece: ``17003-n168.000-corn``."""
    fips, rate, crop = piece
    return f"{fips}-n{rate:07.3f}-{crop}"


def noleap_days(years: tuple[int, int]) -> pd.DatetimeIndex:
    """All days of the years but 29 February."""
    days = pd.date_range(f"{years[0]}-01-01", f"{years[1]}-12-31", name="time")
    return days[~((days.month == 2) & (days.day == 29))]


# The work goes county by county within a rate: a smaller cache would never be hit. 35 MB when full.
@lru_cache(maxsize=128)
def _site(fips: str) -> dssat.Site:
    return county_site(fips)


def run_piece(plan: Plan, piece: Piece, part: Path, stop: threading.Event | None = None) -> None:
    """Run one rotation and write its part: arrays (time,), (year,) and (). CancelledError once ``stop`` is set."""
    fips, rate, crop = piece
    site = _site(fips)
    days = noleap_days(plan.years)
    scenario = county_scenario(site.lat, crop, rate, plan.soil_model, plan.years)
    with workspace.place(stop), workspace.scratch() as folder:
        result = dssat.run(scenario, site, folder / "r", dssat.prepare_home(folder), stop=stop)
    table = result.daily.loc[days]
    gaps = table.columns[table.isna().any()]
    if len(gaps):
        raise SimulationError(f"gaps in {', '.join(gaps)}")
    arrays: dict[str, np.ndarray] = {name: table[name].to_numpy(np.float32) for name in (*DAILY, *PHASE)}
    arrays |= {name: result.annual[name].to_numpy(np.float32) for name in ANNUAL}
    arrays |= {name: site.weather.loc[days, name].to_numpy(np.float32) for name in WEATHER}
    arrays |= {name: np.asarray(value, np.float32) for name, value in site.soil.drivers().items()}
    write_part(arrays, part)


def run_all(
    plan: Plan, parts: Path, fips: Iterable[str], workers: int, done: Callable[[Piece, str | None], None]
) -> dict[Piece, str]:
    """Run every piece that has no part yet; ``done(piece, error)`` after each. Returns the failures."""
    workspace.sweep()
    made_with = fingerprint.made_with(fingerprint.COUNTIES)
    claim(parts, f"{plan.soil_model} {plan.years[0]}-{plan.years[1]}", made_with)
    files = {piece: parts / f"{piece_name(piece)}.npz" for piece in plan.pieces(fips)}
    return run_parts(files, lambda piece, part, stop: run_piece(plan, piece, part, stop), workers, done)
