"""``agroflux study`` as a user calls it: the list of runs, its mistakes, and what fails."""

import json
from pathlib import Path

import pytest

from agroflux.cli import main
from agroflux.data.store import write_store
from tests.synthetic_contract import tiny


def run(*args: str | Path) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stopped:
        main(["study", *map(str, args)])
        raise SystemExit(0)
    return int(stopped.value.code or 0)


def test_a_dry_run_lists_the_runs_with_their_budgets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = ("--data", tmp_path, "--out", tmp_path, "--work", tmp_path / "work")
    assert run(*folders, "--only", "lstm-cornbelt-*-1phase-s1", "--dry-run", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["finished"] is False
    assert found["minutes"] > 0
    assert found["phases"] == "one"
    assert "epochs" not in found
    by_epochs = ("--only", "lstm-cornbelt-*-1phase-s1", "--epochs-a-minute", "1.5", "--dry-run")
    assert run(*folders, *by_epochs, "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["epochs"] == 1.5 * found["minutes"]
    assert run(*folders, *by_epochs) == 0
    assert "at most" not in capsys.readouterr().out
    assert run(*folders, "--only", "gru-*", "--dry-run") == 2
    assert "--dry-run" in capsys.readouterr().err
    assert run(*folders, "--only", "lstm-*") == 2
    error = capsys.readouterr().err
    assert "make simulate" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "work").exists()


def test_a_place_that_cannot_be_written_to_is_told_before_the_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert run("--data", tmp_path, "--out", file, "--work", tmp_path / "work", "--only", "lstm-*") == 2
    assert f"{file} is no folder that can be written to" in " ".join(capsys.readouterr().err.split())


def test_a_run_that_fails_is_told_last_and_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, work = "lstm-cornbelt-century", tmp_path / "work"
    write_store(tiny(2, 1, 6), tmp_path / "cornbelt-century.zarr")
    (work / "runs" / name / "run.json").mkdir(parents=True)  # no file can be read or written there
    assert run("--data", tmp_path, "--out", tmp_path / "out", "--work", work, "--only", name) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"agroflux: 1 run(s) failed: {name}: IsADirectoryError")
