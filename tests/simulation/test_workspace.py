"""Scratch folders: where there is room for them, and whose are swept."""

import os
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from agroflux.errors import SimulationError
from agroflux.simulation import dssat, outputs, runs, workspace
from agroflux.simulation.runs import Case

Usage = namedtuple("Usage", "total used free")


def test_little_memory_sends_runs_to_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(workspace, "_SHM", tmp_path)
    needed = workspace.ROOM * (os.cpu_count() or 1)
    for free, where in ((needed, tmp_path), (needed - 1, Path(tempfile.gettempdir()))):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: Usage(needed, 0, free))
        assert workspace.scratch_parent() == where


def test_folders_of_another_container_are_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(workspace, "_SHM", tmp_path)
    ours, other = (tmp_path / f"agx-999999999-5-{name}" for name in ("ours", "other"))
    for folder, counted_in in ((ours, workspace._namespace()), (other, "7")):
        folder.mkdir()
        (folder / "namespace").write_text(counted_in)
    with workspace.scratch() as alive:
        assert workspace.sweep() >= 1
        assert alive.is_dir() and other.is_dir() and not ours.exists()


def test_a_full_disk_is_told_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    monkeypatch.setattr(dssat, "_LITTLE", 1 << 60)
    with pytest.raises(SimulationError, match=r"no room is left in .*: free some"):
        runs.run_case(Case("19015", (2000, 2000)))
    cut = tmp_path / "r" / "Summary.OUT"
    cut.parent.mkdir()
    cut.write_text("")
    with pytest.raises(SimulationError, match=r"wrote no Summary\.OUT"):
        outputs.read_summary(cut)
