"""``agroflux search`` as a user calls it: its mistakes, and what fails."""

import hashlib
from pathlib import Path

import pytest
import xarray as xr

from agroflux.baselines import card as cards
from agroflux.cli import main
from agroflux.data.store import write_store
from agroflux.training import recipes, search, study
from tests.synthetic_contract import tiny


def _searched(years: int) -> xr.Dataset:
    """Data that hold the part which is searched."""
    ds = tiny(1, len(study.PART.rates), years)
    rates = ds["n_rate"].copy(data=list(study.PART.rates))
    return ds.assign_coords(n_rate=rates, first_crop=("scenario", ["corn"] * len(rates)))


@pytest.mark.parametrize(
    ("data", "model", "says"),
    [
        ("gone.zarr", "lstm", "make simulate"),
        (".", "lstm, gru", "unknown model 'gru'"),
        (".", "lstm", "is not a Zarr store"),
    ],
)
def test_a_mistake_is_one_line_and_trains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: str, model: str, says: str
) -> None:
    out, work = tmp_path / "out", tmp_path / "work"
    with pytest.raises(SystemExit) as stopped:
        main(["search", "--data", str(tmp_path / data), "--model", model, "--out", str(out), "--work", str(work)])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1
    assert not out.exists() and not work.exists()


@pytest.mark.parametrize(("years", "title"), [(5, "2003"), (7, "2003 and 2004")])
def test_the_losses_are_those_of_the_years_that_validate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, years: int, title: str
) -> None:
    store = write_store(_searched(years), tmp_path / "tiny.zarr")
    row = {"model": "lstm", "settings": {}, "validation_loss": 0.25, "epochs": 2, "best_epoch": 1, "parameters": 9}
    monkeypatch.setattr(search, "run", lambda *_, **__: ([row], []))
    with pytest.raises(SystemExit) as stopped:
        main(["search", "--data", str(store), "--model", "lstm", "--out", str(tmp_path)])
    assert not stopped.value.code
    said = capsys.readouterr().out
    assert f"validation loss, {title}\n" in "\n".join(line.strip() for line in said.splitlines())


def test_data_without_the_part_that_is_searched_are_told_before_the_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "run", lambda *_, **__: ([], []))
    store = write_store(_searched(5).drop_vars("first_crop"), tmp_path / "tiny.zarr")
    with pytest.raises(SystemExit) as stopped:
        main(["search", "--data", str(store), "--out", str(tmp_path)])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert "give a simulation of both" in error and error.count("\n") == 1


def test_a_place_that_cannot_be_written_to_is_told_before_the_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SystemExit) as stopped:
        main(["search", "--data", str(tmp_path), "--out", str(file), "--work", str(tmp_path / "work")])
    assert stopped.value.code == 2
    assert f"{file} is no folder that can be written to" in " ".join(capsys.readouterr().err.split())


def test_a_candidate_that_fails_is_told_last_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, work = tmp_path / "tiny.zarr", tmp_path / "work"
    write_store(_searched(5), data)
    monkeypatch.setitem(search.CANDIDATES, "lstm", ())
    recipe = recipes.recipe("lstm", max_minutes=0.02)
    about = search._about(recipe, data, cards.sha256(data), study.PART)
    name = hashlib.sha256(search._key(about).encode()).hexdigest()[:16]
    (work / name / "run.json").mkdir(parents=True)  # no file can be read or written there
    with pytest.raises(SystemExit) as stopped:
        folders = ("--out", str(tmp_path / "out"), "--work", str(work))
        main(["search", "--data", str(data), "--model", "lstm", "--minutes", "0.02", *folders])
    assert stopped.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("agroflux: 1 candidate(s) failed: lstm as recommended: IsADirectoryError")
