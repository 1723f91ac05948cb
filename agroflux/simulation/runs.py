"""Many what-if runs of the engine: side by side, kept by content, cancelled at once, few at a time on a machine.

A finished run lies in ``whatif/KEY.npz`` of the user's data folder, written beside and renamed. KEY is the SHA-256 of
everything the run depends on: the text of the rotation and soil files, the weather, the engine's executable and the
code that reads its output. No more engines run at a time than the machine has cores (:func:`workspace.place`).
"""

import hashlib
import logging
import os
import queue
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agroflux.errors import AgroFluxError, SelectionError, SimulationError
from agroflux.paths import user_data
from agroflux.simulation import dssat, filex, outputs, workspace
from agroflux.simulation.benchmark import own_phase
from agroflux.simulation.county import county_scenario, county_site
from agroflux.simulation.levers import USUAL_RATE
from agroflux.simulation.parts import write_part
from agroflux.simulation.scenario import Crop, Scenario, SoilModel
from agroflux.simulation.whatif import USUAL, Change, apply

#: Daily variables that are kept of a run, in the schema's units.
KEPT = ("GPP", "Reco", "NEE", "N2O_FLUX", "ET", "WTR_1", "NO3_1", "CROP")
#: Kept runs; the oldest go first. One of 10 years takes about 0.1 MB.
KEEP_RUNS = 5000
_ABANDONED_S = 3600.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Case:
    """One run: a benchmark county (FIPS), first and last year, what differs from the usual practice, soil model.

    Raises SelectionError for a change that the soil model cannot follow.
    """

    fips: str
    years: tuple[int, int]
    change: Change = USUAL
    soil_model: SoilModel = "century"

    def __post_init__(self) -> None:
        if self.soil_model == "ceres" and self.change.tillage == "none":
            # It piles up year after year, and the engine counts it as soil carbon.
            raise SelectionError(
                "tillage=none: in the soil model ceres litter on the surface does not decay without tillage; "
                "use tillage=reduced, or the soil model century"
            )

    def build(self) -> tuple[Scenario, dssat.Site]:
        """The rotation and the place, with the benchmark's history: the usual practice gives the bundled numbers."""
        site = _site(self.fips)
        phase = own_phase(self.fips)
        other: Crop = "soybean" if phase == "corn" else "corn"
        first_crop = phase if self.years[0] % 2 == 0 else other
        usual = county_scenario(site.lat, first_crop, USUAL_RATE, self.soil_model, self.years)
        return apply(self.change, usual, site)


@dataclass(frozen=True)
class Run:
    """A finished case: daily values of KEPT (time), Yield and Delta_SOC (year); ``kept`` if no engine ran for it."""

    case: Case
    daily: pd.DataFrame
    annual: pd.DataFrame
    kept: bool


@lru_cache(maxsize=128)
def _site(fips: str) -> dssat.Site:
    return county_site(fips)


@lru_cache(maxsize=4)
def _engine_version(executable: Path, stamp: int) -> str:
    digest = hashlib.sha256(executable.read_bytes())
    digest.update(Path(outputs.__file__).read_bytes())
    return digest.hexdigest()


def key(scenario: Scenario, site: dssat.Site) -> str:
    """The content hash under which a run is kept."""
    mean = (site.weather["TMAX"] + site.weather["TMIN"]) / 2
    text, *_ = filex.rotation(scenario, mean)
    return content_key(site, (repr(scenario), text), KEPT)


def content_key(site: dssat.Site, rotation: Sequence[str], kept: Sequence[str]) -> str:
    """Content hash of a run: engine and reader of its output, ``rotation`` texts, soil, weather, kept variables."""
    executable, _ = dssat.engine()
    digest = hashlib.sha256(_engine_version(executable, executable.stat().st_mtime_ns).encode())
    for part in (*rotation, filex.soil_file(site.soil), f"{site.lat} {site.lon}", *kept):
        digest.update(part.encode())
    digest.update(np.ascontiguousarray(site.weather.to_numpy(float)).tobytes())
    return digest.hexdigest()


def folder() -> Path:
    """Where finished runs are kept."""
    return user_data() / "whatif"


def run_case(case: Case, *, timeout: float = dssat.TIMEOUT_S, stop: threading.Event | None = None) -> Run:
    """The run of ``case``: kept from before, or made now when a place for an engine is free.

    Raises SimulationError (the engine's words, or not done in ``timeout`` [s]), CancelledError once ``stop`` is set.
    """
    scenario, site = case.build()
    path = folder() / f"{key(scenario, site)}.npz"
    found = _load(path, case)
    if found is not None:
        return found
    with workspace.place(stop):
        # Another session may have made it while this one waited.
        found = _load(path, case)
        if found is not None:
            return found
        with workspace.scratch() as scratch:
            home = dssat.prepare_home(scratch)
            result = dssat.run(scenario, site, scratch / "r", home, timeout=timeout, stop=stop)
    _store(path, result)
    # Single precision, as it is kept: the first answer is the same as every later one.
    return Run(case, result.daily[list(KEPT)].astype(np.float32), result.annual, kept=False)


def _store(path: Path, result: dssat.Result) -> None:
    annual = {"annual": result.annual.to_numpy(float), "years": result.annual.index.to_numpy()}
    keep(path, pack(result.daily[list(KEPT)]) | annual)


def keep(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Keep a run for later; on a full disk it is not kept, and its answer is one all the same."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_part(arrays, path, compressed=True)
    except OSError as error:
        _log.warning("%s is not kept: %s", path, error.strerror or error)


def pack(daily: pd.DataFrame) -> dict[str, np.ndarray]:
    """A daily table as arrays; :func:`unpack` reads them."""
    return {"daily": daily.to_numpy(np.float32), "first": np.array(str(daily.index[0].date()))}


def unpack(held: Mapping[str, np.ndarray], columns: Sequence[str]) -> pd.DataFrame:
    """The daily table that :func:`pack` made."""
    values = held["daily"]
    days = pd.date_range(str(held["first"]), periods=len(values), name="time")
    return pd.DataFrame(values, columns=list(columns), index=days)


def _load(path: Path, case: Case) -> Run | None:
    """A kept run; None where there is none that can be read."""
    try:
        with np.load(path, allow_pickle=False) as held:
            daily = unpack(held, KEPT)
            annual = pd.DataFrame(held["annual"], columns=["Yield", "Delta_SOC"])
            annual.index = pd.Index(held["years"], name="year")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return Run(case, daily, annual, kept=True)


def tidy() -> None:
    """Remove what killed processes left (scratch folders, half-written runs) and the oldest kept runs."""
    workspace.sweep()
    old = time.time() - _ABANDONED_S
    for part in folder().glob("*.part"):
        if 0 < _changed_at(part) < old:
            part.unlink(missing_ok=True)
    kept = sorted(folder().glob("*.npz"), key=_changed_at)
    for path in kept[: max(0, len(kept) - KEEP_RUNS)]:
        path.unlink(missing_ok=True)


def _changed_at(path: Path) -> float:
    """When a file was written [s since 1970]; 0 where another session has removed it meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


Done = Callable[[Case, Run | None], Any]


class Job:
    """Cases run in the background by a few threads; each waits for its engine, so threads suffice.

    ``runs`` and ``failed`` (case -> what went wrong) fill as cases finish, in the order given as far as possible.
    ``done(case, run)`` is called from the threads after each, with None for a failure.
    """

    def __init__(
        self,
        cases: Iterable[Case],
        *,
        workers: int | None = None,
        timeout: float = dssat.TIMEOUT_S,
        done: Done | None = None,
    ) -> None:
        self.cases = tuple(dict.fromkeys(cases))
        self.runs: dict[Case, Run] = {}
        self.failed: dict[Case, str] = {}
        self._stop = threading.Event()
        self._timeout, self._done = timeout, done
        self._waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
        for case in self.cases:
            self._waiting.put(case)
        count = min(workers or os.cpu_count() or 1, len(self.cases))
        # Daemons: a server that is told to stop does not wait for hours of runs.
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]

    def start(self) -> "Job":
        """Begin; SimulationError where the engine cannot run on this system."""
        dssat.engine()
        tidy()
        for thread in self._threads:
            thread.start()
        return self

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                case = self._waiting.get_nowait()
            except queue.Empty:
                return
            run = None
            try:
                run = self.runs[case] = run_case(case, timeout=self._timeout, stop=self._stop)
            except workspace.CancelledError:
                return
            except (AgroFluxError, OSError, ValueError, KeyError, IndexError) as error:
                # A file that the engine cut short makes its reader fail in many ways; the other cases go on.
                known = isinstance(error, AgroFluxError)
                self.failed[case] = str(error) if known else f"{type(error).__name__}: {error}"
            if self._done is not None:
                self._done(case, run)

    def cancel(self) -> None:
        """Stop: engines that run are ended, what is finished stays."""
        self._stop.set()

    def wait(self) -> "Job":
        """Until all are done or cancelled; an interruption (Ctrl-C) cancels."""
        try:
            for thread in self._threads:
                thread.join()
        except BaseException:
            self.cancel()
            for thread in self._threads:
                thread.join()
            raise
        return self

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._stop.is_set()

    @property
    def running(self) -> bool:
        """Whether a thread is still at work."""
        return any(thread.is_alive() for thread in self._threads)


def can_run() -> str:
    """Empty where the engine can run here, else what hinders it."""
    try:
        dssat.engine()
    except SimulationError as error:
        return str(error)
    return ""
