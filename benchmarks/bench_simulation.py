"""The process model: site-years a second of one engine, and how long the full benchmark set takes at that pace."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from agroflux.simulation import dssat
from agroflux.simulation.county import county_scenario, county_site
from agroflux.simulation.scenario import SoilModel

FIPS, YEARS, REPEATS = "19015", (2000, 2018), 3
ROTATIONS = 99 * 20 * 2
TARGET_MINUTES, WORKERS = 60.0, 2


def _run(model: SoilModel, rate: float) -> None:
    site = county_site(FIPS)
    with dssat.scratch() as folder:
        home = dssat.prepare_home(folder)
        dssat.run(county_scenario(site.lat, "corn", rate, model, YEARS), site, folder / "r", home)


def _seconds(model: SoilModel, workers: int) -> float:
    """Seconds a rotation of 23 years (4 of spin-up), written, run and read, with ``workers`` at a time."""
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda i: _run(model, 50.0 * i), range(REPEATS * workers)))
    return (time.perf_counter() - start) / (REPEATS * workers)


def run() -> list[dict[str, Any]]:
    """Time single and paired runs of both soil models."""
    kept = YEARS[1] - YEARS[0] + 1
    rows: list[dict[str, Any]] = []
    for model in ("century", "ceres"):
        alone = _seconds(model, 1)
        rows.append({"what": f"{model}, one at a time", "value": kept / alone, "unit": "site-years s-1"})
    pace = _seconds("century", WORKERS)
    note = f"{WORKERS} at a time on {os.cpu_count()} cores, from {REPEATS * WORKERS} of {ROTATIONS} rotations"
    minutes = pace * ROTATIONS / 60
    rows.append({"what": "full set, century", "value": minutes, "unit": "min", "target": TARGET_MINUTES, "note": note})
    return rows
