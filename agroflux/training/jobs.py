"""Adaptations in processes of their own: a queue in the user's data folder that every session and process shares.

A job is a folder ``jobs/ID``; ids are times, so that their order is that of the queue. It holds

- ``request.json`` what was asked, ``state.json`` where it stands, both written beside and renamed;
- ``progress.jsonl`` a line an epoch with the losses; ``log.txt`` what the process said;
- ``alive`` a file that the process holds locked: the system frees the lock of a process that dies, so that a killed
  one is told from one at work;
- ``pid`` the number of that process, for whoever looks after the machine;
- ``cancel`` once somebody asked for an end; ``result.json`` and ``series.csv`` of a job that is done.

The process (:mod:`agroflux.training.job_worker`) is a command of its own, not a fork of the caller: the caller may be
a web server with threads. Two at a time hold one of two locked files; the others wait in order.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from agroflux import paths
from agroflux.errors import ModelError
from agroflux.training.request import Request

#: Jobs that run at once, that may wait, and finished ones that are kept.
AT_ONCE, MOST_WAITING, KEPT = 2, 20, 40
#: States that a process is behind, and those that are the last.
ALIVE, LAST = ("waiting", "running"), ("done", "failed", "cancelled")
KILLED = "the training process ended without a word: it was killed, or memory ran out. Start it again"
_UNREADABLE = "the note of where it stood cannot be read: start it again"
_ID = re.compile(r"\d{8}-\d{6}-\d{6}")
_NEW = ".new-"
_ABANDONED_S = 3600.0
_WORKER = "agroflux.training.job_worker"
_WAIT_S = 0.2


@dataclass(frozen=True)
class Job:
    """One job as it stands now.

    Attributes:
        state: waiting, running, done, failed or cancelled.
        place: in the queue, 1 is next; 0 for a job that does not wait.
        message: why it failed, in words for a user.
        model: id of the adapted model in the user's folder, once it is done.
    """

    id: str
    request: Request
    state: str
    place: int = 0
    message: str = ""
    model: str = ""

    @property
    def alive(self) -> bool:
        """Whether a process works on it or waits to."""
        return self.state in ALIVE

    @property
    def created(self) -> datetime:
        """When it was asked for (UTC)."""
        return datetime.strptime(self.id, "%Y%m%d-%H%M%S-%f").replace(tzinfo=UTC)


def folder() -> Path:
    """Where jobs lie."""
    return paths.user_data() / "jobs"


def place_of(job: str) -> Path:
    """The folder of a job; ModelError where there is none of that id."""
    path = folder() / job
    if not _ID.fullmatch(job) or not path.is_dir():
        raise ModelError(f"no job {job!r}: it may have been removed. Start a new one")
    return path


def submit(request: Request) -> Job:
    """Put ``request`` into the queue and start its process; the same request at work already is that job.

    Raises SelectionError for a request that cannot be right, ModelError where too many wait or no process starts.
    """
    request.check()
    tidy()
    here = listed()
    same = next((job for job in here if job.alive and job.request == request), None)
    if same is not None:
        return same
    if sum(job.state == "waiting" for job in here) >= MOST_WAITING:
        raise ModelError(f"{MOST_WAITING} jobs wait already: cancel one, or come back when some are done")
    made = folder() / f"{_NEW}{os.getpid()}-{time.monotonic_ns()}"
    made.mkdir(parents=True)
    write(made / "request.json", request.as_dict())
    set_state(made, "waiting")
    # Locked before anybody can see the folder, and kept locked by the process that inherits the open file.
    with (made / "alive").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        path = _named(made)
        _start(path, alive)
    return _read(path, [])


def _named(made: Path) -> Path:
    """Rename a new folder to the time, which nobody else may have taken."""
    while True:
        path = folder() / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        try:
            return made.rename(path)
        except OSError:
            if not path.exists():
                raise


def _start(path: Path, alive: IO[str]) -> None:
    # The process works in another folder, from which a relative AGROFLUX_DATA would be a place of its own.
    here = {"AGROFLUX_DATA": str(paths.user_data())}
    environment = os.environ | here | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-m", _WORKER, str(path.resolve())]
    with (path / "log.txt").open("w") as log:
        try:
            process = subprocess.Popen(
                command, cwd=paths.ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[alive.fileno()], start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            set_state(path, "failed", f"no process could be started ({error})")
            raise ModelError(f"no training process could be started ({error}): free memory and try again") from None
    (path / "pid").write_text(f"{process.pid}\n")


def listed() -> list[Job]:
    """Every job, the newest first."""
    found: list[Job] = []
    for path in sorted(p for p in _folders() if _ID.fullmatch(p.name)):
        try:
            found.append(_read(path, found))
        except (ModelError, OSError):
            continue  # removed meanwhile, or half of it gone: nothing to show
    return found[::-1]


def get(job: str) -> Job:
    """One job; ModelError where there is none of that id."""
    place_of(job)
    found = next((one for one in listed() if one.id == job), None)
    if found is None:
        raise ModelError(f"job {job} cannot be read: remove its folder in {folder()}")
    return found


def progress(job: str) -> list[dict[str, Any]]:
    """Lines of a job so far: run (a recipe), epoch, share, seconds, train_loss, validation_loss."""
    return _lines(place_of(job) / "progress.jsonl")


def result(job: str) -> dict[str, Any]:
    """What a job that is done found: ``rows`` (each of a recipe, target and group of days), ``fold``, ``data``, …

    ``weights_sha256`` is that of the model it made; jobs of older versions did not note it.
    """
    path = place_of(job) / "result.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"the result of job {job} cannot be read ({error}): run it again") from None
    return found


def series_path(job: str) -> Path:
    """CSV of a job that is done: site, time, target, measured, and a column a recipe [unit of the target]."""
    return place_of(job) / "series.csv"


def cancel(job: str) -> None:
    """Ask a job to end: at once where it waits, after its epoch where it trains. Nothing is kept of it."""
    (place_of(job) / "cancel").touch()


def remove(job: str) -> None:
    """Delete a job that has ended; its model stays. ModelError while it is alive."""
    if get(job).alive:
        raise ModelError("the job is still at work: cancel it first")
    shutil.rmtree(place_of(job), ignore_errors=True)


def tidy() -> None:
    """Remove all but the newest finished jobs, and what a killed caller or a full disk left half made."""
    for job in [job for job in listed() if not job.alive][KEPT:]:
        shutil.rmtree(folder() / job.id, ignore_errors=True)
    old = time.time() - _ABANDONED_S
    for path in _folders():
        if 0 < _changed_at(path) < old and (path.name.startswith(_NEW) or _damaged(path)):
            shutil.rmtree(path, ignore_errors=True)


def write(path: Path, content: dict[str, Any]) -> None:
    """Write JSON beside and rename it."""
    paths.write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def set_state(path: Path, state: str, message: str = "", model: str = "") -> None:
    """Note where the job in folder ``path`` stands."""
    write(path / "state.json", {"state": state, "message": message, "model": model})


@contextmanager
def turn(path: Path) -> Iterator[bool]:
    """Wait until the job in ``path`` is next and a place is free, and hold the place; False once it is cancelled."""
    places = folder() / "places"
    places.mkdir(exist_ok=True)
    while not (path / "cancel").exists():
        for number in range(0 if _others_first(path) else AT_ONCE):
            with (places / str(number)).open("w") as file:
                if _locked(file):
                    yield True
                    return
        time.sleep(_WAIT_S)
    yield False


def _others_first(path: Path) -> bool:
    """Whether an older job waits."""
    older = (other for other in _folders() if _ID.fullmatch(other.name) and other.name < path.name)
    return any(_state(other)["state"] == "waiting" and _has_process(other) for other in older)


def _damaged(path: Path) -> bool:
    """Whether ``path`` is the folder of a job without a process that lacks its request, or has a damaged note."""
    if not _ID.fullmatch(path.name) or _has_process(path):
        return False
    try:
        return _read(path, []).message == _UNREADABLE
    except (ModelError, FileNotFoundError):
        return True
    except OSError:  # too many open files, for one: that says nothing of the job
        return False


def _state(path: Path) -> dict[str, str]:
    """What is said of where a job stands; one that cannot be read has failed, and holds up no other."""
    try:
        found = json.loads((path / "state.json").read_text(encoding="utf-8"))
        return {name: str(found[name]) for name in ("state", "message", "model")}
    except FileNotFoundError:
        message = "it was removed"
    except OSError as error:
        message = f"where it stood cannot be read ({error})"
    except (ValueError, KeyError, TypeError):
        message = _UNREADABLE
    return {"state": "failed", "message": message, "model": ""}


def _locked(file: IO[str]) -> bool:
    """Lock an open file if nobody holds it; closing the file frees it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path, older: list[Job]) -> Job:
    """The job in ``path``; ``older`` are those before it in the queue."""
    try:
        request = Request.from_dict(json.loads((path / "request.json").read_text(encoding="utf-8")))
        alive = _has_process(path)
        # After the look at the process: one that has just ended has written its last state before.
        said = _state(path)
    except ValueError as error:
        raise ModelError(f"job {path.name} is damaged ({error}): remove {path}") from None
    state, message = said["state"], said["message"]
    if state in ALIVE and not alive:
        state, message = "failed", KILLED
    place = 1 + sum(job.state == "waiting" for job in older) if state == "waiting" else 0
    return Job(path.name, request, state, place, message, said["model"])


def _has_process(path: Path) -> bool:
    try:
        with (path / "alive").open() as file:
            # Shared, so that two who look at once do not take each other for the process.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _lines(path: Path) -> list[dict[str, Any]]:
    """Whole lines of a file of JSON lines; one that is being written is left for the next look."""
    found = []
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in written.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _folders() -> list[Path]:
    return [path for path in folder().iterdir() if path.is_dir()] if folder().is_dir() else []


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
