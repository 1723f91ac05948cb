"""The AgroFlux archive at its published size (99 counties x 20 rates x 18 years x 31 variables): time and memory.

The archive is made anew from random numbers (1.6 GB beside the result, in the system's temporary folder) and converted
in a process of its own, whose largest resident memory is reported: pages of the mapped files count in it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COUNTIES, YEARS = 99, 18
MEMORY_LIMIT = 2.0  # GB

_CONVERT = """
import json, sys, time
from agroflux.data import agroflux_convert
from memory import peak
start = time.perf_counter()
agroflux_convert.convert(sys.argv[1], "ecosys", sys.argv[2])
seconds, busy = time.perf_counter() - start, time.process_time()
print(json.dumps([seconds, busy, peak()]))
"""


def run() -> list[dict[str, Any]]:
    """Seconds on the clock and of the processor, peak memory of the conversion, and the size of what it makes."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        make = [sys.executable, "-m", "tests.data.agroflux_archive", str(folder / "archive")]
        subprocess.run([*make, "--counties", str(COUNTIES), "--years", str(YEARS)], check=True, cwd=ROOT)
        command = [sys.executable, "-c", _CONVERT, str(folder / "archive"), str(folder / "made.zarr")]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE)
        seconds, busy, peak = json.loads(done.stdout.splitlines()[-1])
        size = sum(p.stat().st_size for p in (folder / "made.zarr").rglob("*") if p.is_file())
    note = f"{COUNTIES} counties x 20 rates x {YEARS} years, synthetic numbers"
    return [
        {"what": "convert the full archive", "value": seconds, "unit": "s", "note": note},
        {"what": "processor time of it, all threads", "value": busy, "unit": "s", "note": note},
        {"what": "peak resident memory", "value": peak, "unit": "GB", "target": MEMORY_LIMIT, "note": note},
        {"what": "size of the Zarr data set", "value": size / 1e9, "unit": "GB", "note": note},
    ]
