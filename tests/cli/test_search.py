"""``agroflux search`` as a user calls it: its mistakes."""

from pathlib import Path

import pytest

from agroflux.cli import main


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


def test_a_place_that_cannot_be_written_to_is_told_before_the_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SystemExit) as stopped:
        main(["search", "--data", str(tmp_path), "--out", str(file), "--work", str(tmp_path / "work")])
    assert stopped.value.code == 2
    assert f"{file} is no folder that can be written to" in " ".join(capsys.readouterr().err.split())
