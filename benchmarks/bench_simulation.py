"""The process model: site-years a second of one engine, and how long the full benchmark set takes at that pace."""

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from agroflux.simulation.benchmark import Plan, benchmark_rates, run_piece
from agroflux.simulation.scenario import SoilModel

FIPS, YEARS, REPEATS = "19015", (2000, 2018), 5
MODELS: tuple[SoilModel, ...] = ("century", "ceres")
ROTATIONS = 99 * 20 * 2
TARGET_MINUTES, WORKERS = 60.0, 2


def _seconds(model: SoilModel, workers: int) -> float:
    """Seconds a rotation of 23 years (4 of spin-up), run, read and saved, with ``workers`` at a time.

    The county's weather is made before: the set makes it once for 40 rotations.
    """
    plan = Plan(model, benchmark_rates(20), YEARS)
    pieces = plan.pieces([FIPS])[: REPEATS * workers]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        run_piece(plan, pieces[0], Path(folder) / "warm.npz")
        start = time.perf_counter()
        list(pool.map(lambda i: run_piece(plan, pieces[i], Path(folder) / f"{i}.npz"), range(len(pieces))))
        return (time.perf_counter() - start) / len(pieces)


def run() -> list[dict[str, Any]]:
    """Time single and paired runs of both soil models."""
    kept = YEARS[1] - YEARS[0] + 1
    rows: list[dict[str, Any]] = []
    for model in MODELS:
        alone = _seconds(model, 1)
        rows.append({"what": f"{model}, one at a time", "value": kept / alone, "unit": "site-years s-1"})
    note = f"{WORKERS} at a time on {os.cpu_count()} cores, from {REPEATS * WORKERS} of {ROTATIONS} rotations"
    for model in MODELS:
        minutes = _seconds(model, WORKERS) * ROTATIONS / 60
        rows.append(
            {"what": f"full set, {model}", "value": minutes, "unit": "min", "target": TARGET_MINUTES, "note": note}
        )
    return rows
