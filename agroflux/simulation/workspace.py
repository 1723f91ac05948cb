"""Where engines run: scratch folders, and as many places as the machine has cores.

Every run has a scratch folder of its own that is removed in the end, also after a failure. A process that is killed
cannot do that: :func:`sweep` removes what it left and ends an engine that still runs there.
"""

import os
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agroflux.errors import SimulationError
from agroflux.paths import user_data

# Short, so that one who waits gets in between two runs of a long simulation.
_WAIT_S = 0.01
_SHM = Path("/dev/shm")
_SCRATCH = re.compile(r"agx-(\d+)-(\d+)-\w+")
_NAMESPACE = "namespace"  # a file: the engine cuts paths of over 60 characters, so the name holds no more
#: Room that a run needs in memory [bytes], with some to spare: its outputs take 17 to 26 MB.
ROOM = 32 * 1024**2


class CancelledError(SimulationError):
    """A run was stopped because its caller no longer wants it."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A short-named folder in memory where there is one (paths of over about 60 characters confuse the engine).

    Its name tells the process that owns it, so that :func:`sweep` knows what is left over.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"agx-{os.getpid()}-{_started(os.getpid())}-", dir=scratch_parent()))
    try:
        (folder / _NAMESPACE).write_text(_namespace())
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def place(stop: threading.Event | None = None) -> Iterator[None]:
    """Hold one of the machine's places for an engine, as many as it has cores, over all processes of a user.

    A place is a locked file in the user's folder: the system frees the lock of a process that dies. What-if runs and
    ``agroflux simulate`` wait here alike. CancelledError once ``stop`` is set.
    """
    import fcntl  # not on Windows, where there is no engine either

    stop = stop or threading.Event()
    places = user_data() / "engines"
    places.mkdir(parents=True, exist_ok=True)
    while True:
        for i in range(os.cpu_count() or 1):
            with (places / str(i)).open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield
                return
        if stop.wait(_WAIT_S):
            raise CancelledError("the run was cancelled")


def scratch_parent() -> Path:
    """Where a scratch folder lies: in memory where the system offers room for a run a core, else with temporary files.

    Containers often have 64 MB there.
    """
    needed = ROOM * (os.cpu_count() or 1)
    if _SHM.is_dir() and os.access(_SHM, os.W_OK) and shutil.disk_usage(_SHM).free >= needed:
        return _SHM
    return Path(tempfile.gettempdir())


def _namespace() -> str:
    """Where process numbers are counted: containers that share memory count for themselves. Empty if it is not told."""
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return ""


def _started(pid: int) -> int:
    """When a process began [ticks since the machine's start]; 0 where it is gone or the system does not tell.

    A process number is given out again; together with its start it is not.
    """
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def sweep() -> int:
    """Remove the scratch folders of processes that are gone and end engines that still run in one; how many there were.

    Folders of other users, of other containers, and of processes that live, are left alone.
    """
    stale = []
    for folder in (f for parent in {_SHM, Path(tempfile.gettempdir())} for f in parent.glob("agx-*")):
        owner = _SCRATCH.fullmatch(folder.name)
        with suppress(FileNotFoundError):  # another process may sweep at the same time
            if not owner or folder.stat().st_uid != os.getuid() or _started(int(owner[1])) == int(owner[2]):
                continue
            told = folder / _NAMESPACE
            if not told.is_file() or told.read_text() == _namespace():
                stale.append(folder)
    for place in Path("/proc").glob("[0-9]*/cwd") if stale else ():
        with suppress(OSError):
            if any(place.readlink().is_relative_to(folder) for folder in stale):
                os.kill(int(place.parent.name), signal.SIGKILL)
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    return len(stale)
