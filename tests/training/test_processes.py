"""Runs side by side: each ends for itself, and what ends the caller ends them all."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agroflux.training import processes

ROOT = Path(__file__).resolve().parents[2]
#: A caller that has more runs to start when it is interrupted.
CALLER = """
import signal, sys
from functools import partial
from pathlib import Path
from agroflux.training import processes
from tests.training.test_processes import slow
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background are started deaf to it
processes.each(partial(slow, folder=Path(sys.argv[1])), [0, 1, 2, 3], 2, print)
"""


def ends(how: str) -> str:
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "raises":
        raise OSError(28, "No space left on device")
    return how


def slow(number: int, folder: Path) -> None:
    (folder / str(number)).write_text(str(os.getpid()))
    time.sleep(600)


def test_one_that_is_killed_or_raises_leaves_the_others_alone() -> None:
    found: dict[str, str] = {}

    def ended(how: str, result: Callable[[], str]) -> None:
        try:
            found[how] = result()
        except Exception as error:
            found[how] = processes.told(error)

    processes.each(ends, ["killed", "raises", "well"], 1, ended)
    assert found["well"] == "well"
    assert "No space left" in found["raises"]
    assert "memory ran out" in found["killed"]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_ends_the_caller_ends_the_runs_at_work_and_starts_none(tmp_path: Path, how: signal.Signals) -> None:
    caller = subprocess.Popen([sys.executable, "-c", CALLER, tmp_path], cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len([path for path in tmp_path.iterdir() if path.read_text()]) < 2:
        assert time.monotonic() < deadline and caller.poll() is None, "the runs did not get going"
        time.sleep(0.05)
    caller.send_signal(how)
    assert caller.wait(60) != 0
    if how != signal.SIGINT:  # then the runs find out by themselves
        deadline = time.monotonic() + 30
        while any(_alive(int(path.read_text())) for path in tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]
    assert not [path for path in tmp_path.iterdir() if _alive(int(path.read_text()))]


def test_an_error_of_the_caller_ends_the_runs_at_work() -> None:
    def ended(_: str, __: Callable[[], str]) -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        processes.each(ends, ["well"] * 50, 2, ended)
    assert time.monotonic() - started < 60, "the others were not started"
