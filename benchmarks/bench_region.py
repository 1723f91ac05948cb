"""A region run as the page makes it: every bundled county and year at one N rate, model and data set already open.

Beside it the memory that each network asks for: the largest resident memory of a process that runs it over all bundled
counties and four years, at all five N rates and at one. What grows with the region is the result, not the work.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from agroflux.baselines import registry
from agroflux.data import catalog
from agroflux.inference import predict, region

HERE = Path(__file__).resolve().parent
DATA, MODEL, RATE = "cornbelt-century", "lstm-cornbelt-century", 168.0
REPEATS = 5
REGION_LIMIT, LOAD_LIMIT = 2.0, 0.3  # seconds
MEMORY_LIMIT = 2.0  # GB
_RUN = """
import sys
from agroflux.inference import region
from memory import peak
years = [2015, 2016, 2017, 2018]
result = region.run_region(sys.argv[1], sys.argv[2], None, years, float(sys.argv[3]) if sys.argv[3] else None)
print(result.sizes["site"] * result.sizes["scenario"] * result.sizes["year"], peak(), result.nbytes / 1e9)
"""


def _loading() -> dict[str, Any]:
    """Seconds to load a network in a new process, torch already imported: the slowest of all, those of each noted."""
    found = {}
    for name in registry.names():
        code = (
            "import time, torch, safetensors.torch\nimport agroflux.baselines.checkpoint as c\n"
            f"t = time.perf_counter(); c.load('{name}-{DATA}'); print(time.perf_counter() - t)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        found[name] = float(done.stdout)
    each = ", ".join(f"{name} {seconds:.2f}" for name, seconds in found.items())
    return {
        "what": "load a network, the slowest of the six",
        "value": max(found.values()),
        "unit": "s",
        "target": LOAD_LIMIT,
        "note": f"torch imported; {each}",
    }


def _memory(name: str) -> dict[str, Any]:
    """Peak resident memory of the run at all rates; that at one rate in the note."""
    found = []
    for rate in ("", str(RATE)):
        command = [sys.executable, "-c", _RUN, f"{name}-{DATA}", DATA, rate]
        words = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE).stdout.split()
        found.append((int(words[0]), float(words[1]), float(words[2])))
    (many, peak, result), (few, less, part) = found
    return {
        "what": f"{name}, peak memory of {many:,} site-years",
        "value": peak,
        "unit": "GB",
        "target": MEMORY_LIMIT,
        "note": f"of that {result:.2f} the result; {few:,} site-years: {less:.2f} GB, of that {part:.2f}",
    }


def run() -> list[dict[str, Any]]:
    """Time a warm region run (and what its first call costs), and the loading of each network."""
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
        _loading(),
        *(_memory(name) for name in registry.names()),
    ]
