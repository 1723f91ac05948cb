"""The live what-if: seconds to the first result for one county and ten years, counties a second, a kept answer,
and five browser sessions that ask for fifty runs together.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from agroflux.simulation import effects
from agroflux.simulation.county import benchmark_counties
from agroflux.simulation.runs import Case, Job
from agroflux.simulation.whatif import USUAL, Change
from tests.e2e import chromium, sessions
from tests.e2e.app_server import serve

YEARS = (2009, 2018)
COUNTIES = 6
TARGET_S = 5.0
CHANGE = Change(n_rate=84, tillage="none")


def _seconds(fips: list[str]) -> float:
    """Baseline and one scenario for each county, from nothing to the table of means [s]."""
    start = time.perf_counter()
    cases = [Case(code, YEARS, change) for code in fips for change in (USUAL, CHANGE)]
    job = Job(cases).start().wait()
    effects.means(effects.yearly(job.runs[case] for case in cases))
    return time.perf_counter() - start


def _sessions(fips: list[str]) -> list[dict[str, Any]]:
    """Fifty runs from five browser sessions, from opening the pages to the last result; nothing without a browser."""
    if chromium.find() is None:
        return []
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as (address, _), chromium.launch() as browser:
        start = time.perf_counter()
        faults = sessions.simulate_all(browser, address, fips)
        seconds = time.perf_counter() - start
    if any(faults):
        raise RuntimeError(f"a session showed {faults}")
    note = "5 counties x baseline and a scenario in each session, the pages opened first"
    return [{"what": "fifty runs of five browser sessions", "value": seconds, "unit": "s", "note": note}]


def run() -> list[dict[str, Any]]:
    """Time a first answer, several counties, and the same answer again."""
    codes = list(benchmark_counties().index)
    note = f"baseline and scenario, {YEARS[0]}-{YEARS[1]}, {os.cpu_count()} cores"
    before = os.environ.get("AGROFLUX_DATA")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AGROFLUX_DATA"] = folder
        try:
            first = _seconds(codes[:1])
            more = _seconds(codes[1 : 1 + COUNTIES])
            kept = _seconds(codes[:1])
        finally:
            if before is None:
                del os.environ["AGROFLUX_DATA"]
            else:
                os.environ["AGROFLUX_DATA"] = before
    return [
        {"what": "first result, one county", "value": first, "unit": "s", "target": TARGET_S, "note": note},
        {"what": "counties", "value": COUNTIES / more, "unit": "counties s-1", "note": note},
        {"what": "the same answer again", "value": kept, "unit": "s", "note": "no engine runs"},
        *_sessions(codes[-5:]),
    ]
