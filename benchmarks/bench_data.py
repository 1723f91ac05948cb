"""Opening each bundled data set and reading one site's series from it: the bounds of an app that feels instant."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from agroflux.data import catalog

REPEATS = 7
OPEN_LIMIT, SITE_LIMIT = 0.2, 0.1  # seconds


def _median(action: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _first_opening(data: str) -> float:
    """Seconds of the first opening in a new process, libraries already imported."""
    code = (
        "import time, xarray, zarr, pandas\nfrom agroflux.data import catalog\n"
        f"t = time.perf_counter(); catalog.open_dataset({data!r}); print(time.perf_counter() - t)"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def _rows(data: str) -> list[dict[str, Any]]:
    ds = catalog.open_dataset(data)
    daily = next(name for name in ("GPP", "N2O_FLUX", "NEE") if name in ds)
    sites = ds["site"].values.tolist()
    one = dict.fromkeys(["scenario"] if "scenario" in ds[daily].dims else [], 2)
    turn = iter(range(10_000))

    def series() -> None:
        # Another site each time: one read twice would come from memory.
        ds[daily].isel(site=next(turn) * 13 % len(sites), **one).load()

    def every_daily_variable() -> None:
        names = [n for n in ds.data_vars if "time" in ds[n].dims]
        ds[names].isel(site=next(turn) * 13 % len(sites), **one).load()

    days = ds.sizes["time"]
    return [
        {
            "what": f"open {data}",
            "value": _median(lambda: catalog.open_dataset(data)),
            "unit": "s",
            "target": OPEN_LIMIT,
        },
        {"what": f"open {data}, new process", "value": _first_opening(data), "unit": "s", "target": OPEN_LIMIT},
        {
            "what": f"one site's {daily}",
            "value": _median(series),
            "unit": "s",
            "target": SITE_LIMIT,
            "note": f"{days} days of {data}",
        },
        {"what": "one site, all daily variables", "value": _median(every_daily_variable, 3), "unit": "s", "note": data},
    ]


def run() -> list[dict[str, Any]]:
    """Rows for each data set in the catalog."""
    return [row for entry in catalog.entries(only_ok=True) for row in _rows(entry.id)]
