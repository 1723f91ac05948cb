"""A long simulation in pieces: stopped at once, resumed past damaged pieces, swept of what killed processes left."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from agroflux.errors import SimulationError
from agroflux.simulation import benchmark, dataset, parts, randomised, runs, workspace

ROOT = Path(__file__).resolve().parent.parent.parent
FIPS = "19015"
linux = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")


def _write(piece: str, file: Path, stop: threading.Event) -> None:
    parts.write_part({"piece": np.asarray(piece)}, file)


def _run(folder: Path, *pieces: str) -> dict[str, str | None]:
    """Pieces as they were told to be done, by the error of each."""
    told: dict[str, str | None] = {}
    parts.run_parts({piece: folder / f"{piece}.npz" for piece in pieces}, _write, 2, told.__setitem__)
    return told


@pytest.fixture
def disk() -> Callable[[int], AbstractContextManager[None]]:
    """A context in which no file may grow beyond so many bytes, as on a full disk."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


def _cut(part: Path, size: int) -> None:
    part.write_bytes(part.read_bytes()[:size])


def test_a_part_that_was_cut_short_is_made_again_and_a_sound_one_stays(tmp_path: Path) -> None:
    assert _run(tmp_path, "a", "b", "c") == {"a": None, "b": None, "c": None}
    _cut(tmp_path / "a.npz", 100)
    _cut(tmp_path / "b.npz", 0)
    before = (tmp_path / "c.npz").stat().st_mtime_ns
    assert _run(tmp_path, "a", "b", "c") == {"a": None, "b": None, "c": None}
    assert [str(dataset.read_part(tmp_path / f"{name}.npz")["piece"]) for name in "abc"] == ["a", "b", "c"]
    assert (tmp_path / "c.npz").stat().st_mtime_ns == before


@pytest.mark.parametrize("size", [0, 100])
def test_a_damaged_part_is_named(tmp_path: Path, size: int) -> None:
    _run(tmp_path, "a")
    _cut(tmp_path / "a.npz", size)
    with pytest.raises(SimulationError, match=r"a\.npz is missing or damaged"):
        dataset.read_part(tmp_path / "a.npz")


def test_a_part_that_was_read_is_closed(tmp_path: Path) -> None:
    _run(tmp_path, "a")
    before = len(list(Path("/dev/fd").iterdir()))
    held = [dataset.read_part(tmp_path / "a.npz") for _ in range(20)]
    assert len(held) == 20 and len(list(Path("/dev/fd").iterdir())) == before


def test_writers_of_one_part_do_not_meet(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(_write, "a" * 1000, tmp_path / "a.npz", threading.Event()) for _ in range(100)]:
            done.result()
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_a_full_disk_leaves_no_half_note_that_would_refuse_the_next_try(
    tmp_path: Path, disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    with disk(3), pytest.raises(OSError, match="too large"):
        parts.claim(tmp_path, "plan A", "engine 1")
    assert not list(tmp_path.iterdir())
    parts.claim(tmp_path, "plan A", "engine 1")


def test_a_run_that_cannot_be_kept_is_no_failure(
    tmp_path: Path, disk: Callable[[int], AbstractContextManager[None]], caplog: pytest.LogCaptureFixture
) -> None:
    with disk(100):
        runs.keep(tmp_path / "kept" / "a.npz", {"x": np.arange(1000)})
    assert not list((tmp_path / "kept").iterdir())
    assert "a.npz is not kept: File too large" in caplog.text


def test_a_part_that_cannot_be_written_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.npz").mkdir()
    assert _run(tmp_path, "a")["a"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.failed.txt", "a.npz"]


def test_what_a_killed_process_half_wrote_is_removed(tmp_path: Path) -> None:
    for name, age in ((".a.npz.1-ab.part", 7200), (".b.npz.1-ab.part", 10)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    parts.claim(tmp_path, "plan", "engine 1")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".b.npz.1-ab.part", "made-with.txt", "plan.txt"]


def test_parts_made_with_another_engine_or_sources_are_refused(tmp_path: Path) -> None:
    for _ in range(2):
        parts.claim(tmp_path, "plan", "engine 1")
        _run(tmp_path, "a")
    with pytest.raises(SimulationError, match=r"made with engine 1, not with engine 2: .* delete made-with\.txt"):
        parts.claim(tmp_path, "plan", "engine 2")
    with pytest.raises(SimulationError, match="parts of plan, not of another: choose another --out"):
        parts.claim(tmp_path, "another", "engine 1")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "made-with.txt", "plan.txt"]
    (tmp_path / "made-with.txt").unlink()
    parts.claim(tmp_path, "plan", "engine 2")
    assert not (tmp_path / "made-with.txt").exists(), "what made the parts that are there is not known any more"


@pytest.mark.parametrize("held", ["plan.txt", "a.npz"])
def test_parts_from_before_the_note_are_taken_and_nothing_is_claimed_of_them(tmp_path: Path, held: str) -> None:
    (tmp_path / held).write_text("plan")
    for engine in ("engine 1", "engine 2"):
        parts.claim(tmp_path, "plan", engine)
    assert not (tmp_path / "made-with.txt").exists()


@linux
@pytest.mark.parametrize("of", ["benchmark", "randomised"])
def test_scratch_folders_of_killed_processes_are_swept(
    of: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept = []
    monkeypatch.setattr(workspace, "sweep", lambda: swept.append(of))
    if of == "benchmark":
        benchmark.run_all(benchmark.Plan("century", (0.0,), (2000, 2000)), tmp_path, [], 1, lambda *_: None)
    else:
        randomised.run_all(randomised.Plan(0, 0, (2003, 2003)), tmp_path, 1, lambda *_: None)
    assert swept == [of]
    assert (tmp_path / "made-with.txt").read_text().startswith("DSSATTools ")


def test_an_interruption_stops_what_runs_and_what_waits(tmp_path: Path) -> None:
    started = []

    def run(piece: int, file: Path, stop: threading.Event) -> None:
        started.append(piece)
        if piece and not stop.wait(30):
            pytest.fail("nobody told it to stop")
        if piece:
            raise workspace.CancelledError("the run was cancelled")

    def done(piece: int, error: str | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parts.run_parts({i: tmp_path / f"{i}.npz" for i in range(50)}, run, 2, done)
    assert len(started) < 5
    assert not list(tmp_path.iterdir()), "a run that was stopped has not failed"


@linux
@pytest.mark.parametrize("what", [("--sites", f"{FIPS},17003", "--n-rates", "100"), ("--randomised", "900")])
def test_control_c_ends_simulate_soon(what: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    # A shell starts what runs in its background with Ctrl-C ignored.
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += f"from agroflux.cli import main; main(['simulate', *{what!r}, '--out', {str(out)!r}])"
    env = os.environ | {"PYTHONPATH": str(ROOT), "AGROFLUX_DATA": str(tmp_path / "user")}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=env, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not _consoles(process.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert _consoles(process.pid), "no engine ever ran"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.wait(30) == 130, "a second or two, and longer where other work is done"
    finally:
        process.kill()
    assert not _scratch(process.pid) and not list(out.glob("*/*.failed.txt")) and not list(out.glob("*/*.tmp"))


def _scratch(pid: int) -> list[Path]:
    return list(workspace.scratch_parent().glob(f"agx-{pid}-*"))


def _consoles(pid: int) -> list[Path]:
    """What running engines print, one file each."""
    return [path for folder in _scratch(pid) for path in folder.glob("r/console.txt")]
