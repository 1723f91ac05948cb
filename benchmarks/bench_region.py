"""A region run as the page makes it: every bundled county and year at one N rate, model and data set already open."""

import statistics
import subprocess
import sys
import time
from typing import Any

from agroflux.data import catalog
from agroflux.inference import predict, region

DATA, MODEL, RATE = "cornbelt-century", "lstm-cornbelt-century", 168.0
REPEATS = 5
REGION_LIMIT, LOAD_LIMIT = 2.0, 0.3  # seconds


def _loading() -> float:
    """Seconds to load the model in a new process, torch already imported."""
    code = (
        "import time, torch, safetensors.torch\nimport agroflux.baselines.checkpoint as c\n"
        f"t = time.perf_counter(); c.load({MODEL!r}); print(time.perf_counter() - t)"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def run() -> list[dict[str, Any]]:
    """Time a warm region run (and what its first call costs), and the loading of the model."""
    model, ds = predict.load(MODEL), catalog.open_dataset(DATA)
    times = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        result = region.run_region(model, ds, None, None, RATE)
        times.append(time.perf_counter() - start)
    warm = statistics.median(times[1:])
    site_years = result.sizes["site"] * result.sizes["year"]
    what = f"{result.sizes['site']} counties x {result.sizes['year']} years"
    return [
        {"what": f"{what}, first run", "value": times[0], "unit": "s", "target": None},
        {"what": f"{what}, warm", "value": warm, "unit": "s", "target": REGION_LIMIT},
        {"what": "site-years", "value": site_years / warm, "unit": "s-1", "target": None, "note": "warm-up on top"},
        {"what": "load the model", "value": _loading(), "unit": "s", "target": LOAD_LIMIT, "note": "torch imported"},
    ]
