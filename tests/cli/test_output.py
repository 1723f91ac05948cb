"""Where a command may write is checked before its work, in one line that says what to do; no table says NaN."""

import json
import os
from pathlib import Path

import pytest

from agroflux.cli import emissions, predict
from agroflux.cli.output import check_file, print_rows
from agroflux.errors import DataError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: with a file, a folder and a store in it."""
    monkeypatch.chdir(tmp_path)
    Path("old.csv").touch()
    for folder in ("folder.csv", "folder.zarr.zip", "store.zarr"):
        Path(folder).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("path", "endings", "says"),
    [
        ("new.doc", emissions.SUFFIXES, "--report new.doc: give a name that ends in .csv, .geojson, .xlsx or .nc"),
        (".xlsx", emissions.SUFFIXES, "--report .xlsx: give a name"),
        ("new.nc.zip", predict.ENDINGS, "--report new.nc.zip: give a name that ends in .nc, .zarr or .zarr.zip"),
        ("none/new.csv", (".csv",), "the folder none does not exist: make it first"),
        ("old.csv/new.csv", (".csv",), "old.csv is no folder that can be written to: name another place with --report"),
        ("folder.csv", (".csv",), "--report folder.csv is a folder, which no file can replace"),
        ("folder.zarr.zip", predict.ENDINGS, "is a folder, which no file can replace"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(place: Path, path: str, endings: tuple[str, ...], says: str) -> None:
    with pytest.raises(DataError) as error:
        check_file(Path(path), "--report", endings, force=True)
    assert says in str(error.value)


@pytest.mark.parametrize("path", ["old.csv", "store.zarr"])
def test_what_is_there_is_replaced_by_force_alone(place: Path, path: str) -> None:
    check_file(Path(path), "--out", (".csv", ".zarr"), force=True)
    with pytest.raises(DataError, match="exists: choose another name, or replace it with --force"):
        check_file(Path(path), "--out", (".csv", ".zarr"), force=False)


@pytest.mark.parametrize("path", ["new.nc", "new.zarr", "new.zarr.zip"])
def test_predict_refuses_a_folder_it_cannot_write_to(place: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check_file(Path(path), "--out", predict.ENDINGS, force=False)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(DataError, match="is no folder that can be written to: name another place with --out"):
        predict.command(Path(path))


def test_a_table_has_a_dash_where_there_is_no_number_and_json_null(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"crop": "corn", "yield": float("nan")}, {"crop": "soybean", "yield": 3.25}]
    print_rows(rows, as_json=False)
    table = capsys.readouterr().out
    assert "nan" not in table
    (corn,) = [line for line in table.splitlines() if "corn" in line]
    assert corn.replace("│", "|").split("|")[2].strip() == "-"
    print_rows(rows, as_json=True)
    assert json.loads(capsys.readouterr().out)[0] == {"crop": "corn", "yield": None}
