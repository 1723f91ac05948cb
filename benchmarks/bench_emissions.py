"""Draws of county totals with every component, and whole answers on the bundled data."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from agroflux import geo
from agroflux.data import catalog
from agroflux.emissions.assess import assess
from agroflux.emissions.question import Question, of_simulator
from agroflux.emissions.residuals import CropResiduals, Residuals
from agroflux.emissions.sums import whole_years
from agroflux.emissions.uncertainty import COMPONENTS, DRAWS, Evidence, draw, grouped, interval

COUNTIES, REPEATS = 99, 5
DATA = "cornbelt-century"


def _median(action: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _evidence() -> Evidence:
    best = np.linspace(50, 400, 2 * COUNTIES)
    scores = np.linspace(-1, 1, 201)
    one = CropResiduals((0.1, 0.2), 0.5, 4, scores, np.full(201, 1 / 201))
    return Evidence(
        best,
        True,
        yearly=best * np.linspace(0.8, 1.2, 6)[:, None],
        simulators={"a": best, "b": best * 0.3},
        own_simulator="a",
        models={"lstm": np.stack([best, best * 1.1]), "tcn": best[None] * 0.9},
        residuals=Residuals({"corn": one, "soybean": one}, (2015, 2016, 2017, 2018)),
        predicted=best / 100,
        per_hectare=np.full(2 * COUNTIES, 100.0),
        crops=np.array(["corn", "soybean"] * COUNTIES),
        area_sd=0.05,
        applied=best * 3,
    )


def run() -> list[dict[str, Any]]:
    """Rows for ``benchmarks/run.py``."""
    evidence = _evidence()
    counties = [str(n // 2) for n in range(2 * COUNTIES)]
    ds, facts = catalog.open_dataset(DATA), geo.county_facts()
    sources = of_simulator(DATA, ds, catalog.open_dataset)
    question = Question(168.0, tuple(whole_years(ds)))
    one = Question(168.0, tuple(whole_years(ds)), counties=(str(ds["site"].values[0]),))
    return [
        {
            "what": f"{DRAWS:,} draws, {COUNTIES} counties, {len(COMPONENTS)} components, county intervals",
            "value": _median(lambda: interval(grouped(draw(evidence), counties)[1])),
            "unit": "s",
            "target": 2.0,
        },
        {"what": "whole answer, all counties", "value": _median(lambda: assess(question, sources, facts)), "unit": "s"},
        {"what": "whole answer, one county", "value": _median(lambda: assess(one, sources, facts)), "unit": "s"},
    ]
