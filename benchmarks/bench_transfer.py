"""Adapt live: seconds of a fine-tune of four site-years of one tower, with its comparison, as the app runs it."""

import os
import tempfile
import time
from typing import Any

from agroflux.training import jobs
from agroflux.training.request import Request

TARGET_S = 30.0
TRAIN = "US-Tw3:2013,US-Tw3:2014,US-Tw3:2015,US-Tw3:2016"


def _job(recipe: str) -> tuple[float, dict[str, Any]]:
    """Seconds from the click to the finished model, and the result of the job."""
    request = Request(
        "towers-sample", ("NEE", "GPP"), TRAIN, "lstm-cornbelt-century", recipe, "US-Tw3:2018", "US-Tw3:2017", every=1
    )
    start = time.perf_counter()
    job = jobs.submit(request).id
    while jobs.get(job).alive:
        time.sleep(0.02)
    seconds = time.perf_counter() - start
    if jobs.get(job).state != "done":
        raise RuntimeError(jobs.get(job).message)
    return seconds, jobs.result(job)


def run() -> list[dict[str, Any]]:
    """Time the LSTM by two recipes, 120 epochs at most."""
    before = os.environ.get("AGROFLUX_DATA")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AGROFLUX_DATA"] = folder
        try:
            for recipe in ("finetune", "adversarial"):
                seconds, found = _job(recipe)
                trained = found["training_seconds"]
                note = "the process, data, model from scratch, scores and file included"
                rows.append(
                    {"what": f"{recipe}, whole job", "value": seconds, "unit": "s", "target": TARGET_S, "note": note}
                )
                rows.append({"what": f"{recipe}, training", "value": trained[recipe], "unit": "s"})
        finally:
            if before is None:
                del os.environ["AGROFLUX_DATA"]
            else:
                os.environ["AGROFLUX_DATA"] = before
    return rows
