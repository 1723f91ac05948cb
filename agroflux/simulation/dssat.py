"""Run DSSAT-CSM 4.8 for one rotation and give back its daily and annual values.

The executable and its data files come with the package DSSATTools (BSD-3 engine); only those files are used. Every
run has a scratch folder of its own that is removed in the end, also after a failure.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from agroflux.errors import SimulationError
from agroflux.simulation import balance, filex, outputs
from agroflux.simulation.scenario import Scenario
from agroflux.simulation.soil import Soil

#: A 24-year rotation takes about two seconds: a minute means that the engine waits for a key.
TIMEOUT_S = 60
_TAIL_YEARS = 2


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
        raise SimulationError("the DSSAT engine is not installed: pip install DSSATTools==3.0.2")
    base = Path(spec.origin).parent
    executable = base / "bin" / "dscsm048"
    if not executable.exists():
        raise SimulationError(f"no DSSAT executable at {executable}: reinstall DSSATTools==3.0.2")
    return executable, base / "dssat-csm-os" / "Data"


@contextmanager
def scratch() -> Iterator[Path]:
    """A short-named folder in memory where there is one (paths of over about 80 characters confuse the engine)."""
    shm = Path("/dev/shm")
    parent = shm if shm.is_dir() and os.access(shm, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="agx", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare_home(folder: Path) -> Path:
    """The engine's home inside ``folder``: links to its data and the profile that names them."""
    executable, data = engine()
    home = folder / "h"
    home.mkdir()
    for source in data.iterdir():
        (home / source.name).symlink_to(source)
    program = folder / "dscsm048"
    if not os.access(executable, os.X_OK):
        shutil.copy(executable, program)
        program.chmod(0o755)
    else:
        program.symlink_to(executable)
    (home / "DSSATPRO.L48").write_text(filex.profile_file(home, program))
    return home


def run(scenario: Scenario, site: Site, folder: Path, home: Path) -> Result:
    """Run one rotation in ``folder`` (emptied first) with the engine's ``home``.

    The site's weather must reach from the year before ``first_year`` to two years past ``last_year``: the engine
    opens the next cycle's files before it stops. Raises SimulationError with the engine's own words when it fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    first, last = scenario.first_year - 1, scenario.last_year + _TAIL_YEARS
    have = site.weather.index
    if have[0] > pd.Timestamp(first, 1, 1) or have[-1] < pd.Timestamp(last, 12, 31):
        raise SimulationError(
            f"weather must cover {first} to {last}, it covers {have[0]:%Y-%m-%d} to {have[-1]:%Y-%m-%d}"
        )
    text, planted, components = filex.rotation(scenario, (site.weather["TMAX"] + site.weather["TMIN"]) / 2)
    (folder / filex.NAME).write_text(text)
    (folder / "DSSBatch.v48").write_text(filex.batch_file(components))
    (folder / f"{filex.STATION}.WTH").write_text(site.weather_text)
    (folder / "SOIL.SOL").write_text(filex.soil_file(site.soil))
    try:
        done = subprocess.run(
            [home.parent / "dscsm048", "Q", "DSSBatch.v48"],
            cwd=folder,
            env={"DSSAT_HOME": f"{home}/", "PATH": os.environ.get("PATH", "")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise SimulationError(f"the engine did not finish within {TIMEOUT_S} s") from error
    if done.returncode != 0 or (folder / "ERROR.OUT").exists():
        raise SimulationError(f"the engine stopped: {_reason(folder, done.stdout)}")
    return Result(
        daily=outputs.house_series(folder, scenario, site.weather, planted),
        annual=outputs.annual_values(folder, scenario),
        balances=_balances(folder) if scenario.balances else {},
    )


def _balances(folder: Path) -> dict[str, pd.Series]:
    return {"water": balance.water(folder), "nitrogen": balance.nitrogen(folder), "carbon": balance.carbon(folder)}


def _reason(folder: Path, console: str) -> str:
    """The telling lines of ERROR.OUT, or the end of the console's text."""
    error = folder / "ERROR.OUT"
    text = error.read_text(encoding="latin-1") if error.exists() else console
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("*")]
    return " ".join(lines[-4:])[:400]
