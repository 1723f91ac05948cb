"""Run DSSAT-CSM 4.8 for one rotation and give back its daily and annual values.

The executable and its data files come with the package DSSATTools (BSD-3 engine); only those files are used. Where it
runs, and how many at a time: :mod:`agroflux.simulation.workspace`.
"""

import importlib.metadata
import importlib.util
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from agroflux.errors import SimulationError
from agroflux.simulation import balance, filex, outputs
from agroflux.simulation import sequence as sequences
from agroflux.simulation.scenario import Scenario
from agroflux.simulation.sequence import CropSequence
from agroflux.simulation.soil import Soil
from agroflux.simulation.workspace import CancelledError, scratch_parent

#: A 24-year rotation takes about two seconds: five minutes mean that the engine waits for a key, on a busy machine too.
TIMEOUT_S = 300
_TAIL_YEARS = 2
_POLL_S = 0.05
_CONSOLE = "console.txt"
#: Free room [bytes] below which the engine may not have written its files to their end.
_LITTLE = 1024**2
_LABELS = "DATA.CDE"
_NOT_INSTALLED = "the DSSAT engine is not installed: pip install DSSATTools==3.0.2"


@dataclass(frozen=True)
class Site:
    """A place: position [degrees], its soil, and daily weather TMAX, TMIN [degC], PRECN [mm d-1], SRAD [MJ m-2 d-1]."""

    lat: float
    lon: float
    soil: Soil
    weather: pd.DataFrame

    @cached_property
    def weather_text(self) -> str:
        """The engine's weather file; one text serves all rotations of the site."""
        return filex.weather_file(self.weather, self.lat, self.lon)


@dataclass(frozen=True)
class Result:
    """Daily house variables (time) and annual values (year)."""

    daily: pd.DataFrame
    annual: pd.DataFrame
    #: With ``Scenario.balances``: unaccounted water [mm], nitrogen and carbon [kg ha-1] of each component.
    balances: dict[str, pd.Series]


def engine() -> tuple[Path, Path]:
    """(executable, data folder) of the installed engine; SimulationError with the remedy where it cannot run."""
    if sys.platform != "linux":
        raise SimulationError(
            "the DSSAT executable that ships with DSSATTools runs on Linux only: use the bundled data"
        )
    # find_spec does not import the package (its import writes to the temporary folder).
    spec = importlib.util.find_spec("DSSATTools")
    if spec is None or spec.origin is None:
        raise SimulationError(_NOT_INSTALLED)
    base = Path(spec.origin).parent
    executable = base / "bin" / "dscsm048"
    if not executable.exists():
        raise SimulationError(f"no DSSAT executable at {executable}: reinstall DSSATTools==3.0.2")
    return executable, base / "dssat-csm-os" / "Data"


def version() -> str:
    """``DSSATTools 3.0.2``: the package that the engine and its data files come with; SimulationError without it."""
    try:
        return f"DSSATTools {importlib.metadata.version('DSSATTools')}"
    except importlib.metadata.PackageNotFoundError:
        raise SimulationError(_NOT_INSTALLED) from None


def prepare_home(folder: Path) -> Path:
    """The engine's home inside ``folder``: links to its data and the profile that names them."""
    executable, data = engine()
    home = folder / "h"
    home.mkdir()
    for source in data.iterdir():
        if source.name != _LABELS:
            (home / source.name).symlink_to(source)
    # Each component looks up the labels of an overview that is not printed: with the sections alone that costs nothing.
    labels = (data / _LABELS).read_text(encoding="latin-1").splitlines()
    (home / _LABELS).write_text("".join(f"{line}\n" for line in labels if line.startswith("*")))
    program = folder / "dscsm048"
    if not os.access(executable, os.X_OK):
        shutil.copy(executable, program)
        program.chmod(0o755)
    else:
        program.symlink_to(executable)
    (home / "DSSATPRO.L48").write_text(filex.profile_file(home, program))
    return home


def run(
    scenario: Scenario,
    site: Site,
    folder: Path,
    home: Path,
    *,
    timeout: float = TIMEOUT_S,
    stop: threading.Event | None = None,
) -> Result:
    """Run one rotation in ``folder`` (emptied first) with the engine's ``home``.

    The site's weather must reach from the year before ``first_year`` to two years past ``last_year``: the engine
    opens the next cycle's files before it stops. Raises SimulationError with the engine's own words when it fails
    or is not done in ``timeout`` [s], and CancelledError soon after ``stop`` is set.
    """
    text, planted, components = filex.rotation(scenario, (site.weather["TMAX"] + site.weather["TMIN"]) / 2)
    weather = None
    if scenario.co2 is not None:
        weather = filex.weather_file(site.weather, site.lat, site.lon, co2=scenario.co2)
    span = (scenario.first_year, scenario.last_year)
    _ran(folder, home, site, span, (text, components), timeout, stop, weather=weather)
    return Result(
        daily=outputs.house_series(folder, scenario, site.weather, planted),
        annual=outputs.annual_values(folder, scenario),
        balances=_balances(folder) if scenario.balances else {},
    )


def run_sequence(
    sequence: CropSequence,
    site: Site,
    folder: Path,
    home: Path,
    *,
    timeout: float = TIMEOUT_S,
    stop: threading.Event | None = None,
) -> Result:
    """As :func:`run`, for any crops: daily values without PLANTING, FERTZR_N and CROP.

    A year without harvest has no Yield (NaN), nor has one in which a perennial is cut.
    """
    span = (sequence.first_year, sequence.last_year)
    _ran(folder, home, site, span, sequences.rotation(sequence), timeout, stop)
    grains = sorted({one.model.code for one in sequence.grown if not one.model.cuts})
    years = range(sequence.keep_from, sequence.last_year + 1)
    return Result(
        daily=outputs.daily_values(folder, sequence.days(), site.weather, sequence.carbon_use()),
        annual=outputs.yearly_values(folder, years, grains),
        balances={},
    )


def _ran(
    folder: Path,
    home: Path,
    site: Site,
    span: tuple[int, int],
    rotation: tuple[str, int],
    timeout: float,
    stop: threading.Event | None,
    *,
    weather: str | None = None,
) -> None:
    """Write the engine's files into ``folder`` and let it run there; ``rotation``: text and number of components."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    first, last = span[0] - 1, span[1] + _TAIL_YEARS
    have = site.weather.index
    if have[0] > pd.Timestamp(first, 1, 1) or have[-1] < pd.Timestamp(last, 12, 31):
        raise SimulationError(
            f"weather must cover {first} to {last}, it covers {have[0]:%Y-%m-%d} to {have[-1]:%Y-%m-%d}"
        )
    files = {
        filex.NAME: rotation[0],
        "DSSBatch.v48": filex.batch_file(rotation[1]),
        f"{filex.STATION}.WTH": site.weather_text if weather is None else weather,
        "SOIL.SOL": filex.soil_file(site.soil),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    code = _engine(folder, home, timeout, stop or threading.Event())
    if code == -signal.SIGINT:  # a terminal sends Ctrl-C to the engine too
        raise CancelledError("the run was interrupted")
    if shutil.disk_usage(folder).free < _LITTLE:  # then its files end anywhere, and it says nothing
        raise SimulationError(f"no room is left in {scratch_parent()}: free some, or set TMPDIR to another place")
    if code != 0 or (folder / "ERROR.OUT").exists():
        console = (folder / _CONSOLE).read_text(errors="replace")
        raise SimulationError(f"the engine stopped: {_reason(folder, console)}")


def _engine(folder: Path, home: Path, timeout: float, stop: threading.Event) -> int:
    """Let the engine run in ``folder``; its exit code. It does not outlive this call."""
    deadline = time.monotonic() + timeout
    with (folder / _CONSOLE).open("wb") as console:
        process = subprocess.Popen(
            [home.parent / "dscsm048", "Q", "DSSBatch.v48"],
            cwd=folder,
            env={"DSSAT_HOME": f"{home}/", "PATH": os.environ.get("PATH", "")},
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
        )
    try:
        while not _ended(process):
            if stop.is_set():
                raise CancelledError("the run was cancelled")
            if time.monotonic() > deadline:
                raise SimulationError(f"the engine did not finish within {timeout:g} s")
        return process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process ends within ``_POLL_S``. Told at once, where ``Popen.wait`` looks now and then only."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:  # a system older than Linux 5.3
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)
        return process.returncode is not None
    try:
        watch = select.poll()
        watch.register(handle, select.POLLIN)
        return bool(watch.poll(1000 * _POLL_S))
    finally:
        os.close(handle)


def _balances(folder: Path) -> dict[str, pd.Series]:
    return {"water": balance.water(folder), "nitrogen": balance.nitrogen(folder), "carbon": balance.carbon(folder)}


def _reason(folder: Path, console: str) -> str:
    """The telling lines of ERROR.OUT, or the end of the console's text."""
    error = folder / "ERROR.OUT"
    text = error.read_text(encoding="latin-1") if error.exists() else console
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("*")]
    return " ".join(lines[-4:])[:400]
