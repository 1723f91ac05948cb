"""``agroflux transfer`` as a user calls it: rows in a file, commands that make them again, mistakes in one line."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from agroflux.cli import main
from agroflux.data import catalog
from agroflux.evaluation import gain_rows
from agroflux.training import comparison

SMALL = ("--data", "towers-sample", "--target", "GPP,N2O_FLUX", "--recipe", "zero-shot", "--shots", "1")
FEW = ("--protocol", "leave-one-site-out", "--seeds", "0", "--epochs", "1")


def run(*args: str | Path) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stopped:
        main(["transfer", *map(str, args)])
        raise SystemExit(0)
    return int(stopped.value.code or 0)


def test_rows_are_written_and_a_rows_command_makes_them_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    out, work = tmp_path / "deep" / "transfer.json", tmp_path / "runs.jsonl"
    assert run(*SMALL, *FEW, "--out", out, "--work", work, "--json") == 0
    rows = gain_rows.read_file(out)
    assert json.loads(capsys.readouterr().out) == rows
    scores = {"r2", "rmse", "gain", "gain_low", "gain_high"}
    fields = {"model", "data", "site", "target", "by", "group", "recipe", "n_site_years", "seed", "command"} | scores
    assert all(fields <= set(row) for row in rows)
    assert {(row["site"], row["target"]) for row in rows} == {(s, "GPP") for s in ("US-Tw3", "US-AR1", "all")}
    one = next(row for row in rows if row["recipe"] == "zero-shot" and row["site"] == "all")
    assert {row["group"] for row in rows if row["by"] == "crop"} == {"alfalfa", "switchgrass", "unknown"}
    assert str(tmp_path) not in json.dumps(rows)
    words = one["command"].split()
    assert words[:2] == ["agroflux", "transfer"]
    done = len(work.read_text().splitlines())
    assert run(*words[2:], "--out", out, "--work", work) == 0
    assert len(work.read_text().splitlines()) == done  # nothing was left to run: it is the same design
    again = gain_rows.read_file(out)
    assert one in again
    other = one | {"model": "tcn-cornbelt-century"}
    out.write_text(json.dumps([*again, other]))
    capsys.readouterr()
    assert run(*words[2:], "--out", out, "--work", work, "--json") == 0
    assert json.loads(capsys.readouterr().out) == again, "what this run made is printed"
    assert gain_rows.read_file(out) == [other, *again], "rows of another model stay"
    out.write_text("[{}]")
    assert run(*words[2:], "--out", out, "--work", work) == 2
    assert out.read_text() == "[{}]"
    out.unlink()
    assert run(*words[2:], "--out", out, "--work", work) == 0
    assert "switchgrass" in capsys.readouterr().out, "the table shows rows of one seed too"


def test_the_table_shows_rows_over_all_seeds_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    out, files = tmp_path / "rows.json", ("--work", tmp_path / "runs.jsonl", "--out")
    assert run(*SMALL, *FEW, "--seeds", "0,1", *files, out) == 0
    rows = gain_rows.read_file(out)
    over_all = [row for row in rows if row["seeds"] == [0, 1]]
    assert {tuple(row["seeds"]) for row in rows} == {(0,), (1,), (0, 1)}
    shown = [line for line in capsys.readouterr().out.splitlines() if " GPP " in line]
    assert len(shown) == len(over_all) > 0


def test_rows_that_another_command_wrote_meanwhile_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, files = tmp_path / "rows.json", ("--work", tmp_path / "runs.jsonl", "--out")
    assert run(*SMALL, *FEW, *files, tmp_path / "theirs.json") == 0
    theirs = [row | {"model": "tcn-cornbelt-century"} for row in gain_rows.read_file(tmp_path / "theirs.json")]
    compare = comparison.compare

    def meanwhile(*args: Any, **more: Any) -> Any:
        gain_rows.write_file(theirs, out)
        return compare(*args, **more)

    monkeypatch.setattr(comparison, "compare", meanwhile)
    assert run(*SMALL, *FEW, *files, out) == 0
    assert {row["model"] for row in gain_rows.read_file(out)} == {"tcn-cornbelt-century", "lstm-cornbelt-century"}


def test_another_scratch_is_not_put_under_gains_that_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, work = tmp_path / "transfer.json", tmp_path / "runs.jsonl"
    files = ("--out", out, "--work", work)
    assert run(*SMALL, *FEW, *files) == 0
    before, done = out.read_text(), work.read_text()
    capsys.readouterr()
    for change in (("--seeds", "0,1"), ("--epochs", "2")):
        assert run(*SMALL, *FEW, "--recipe", "finetune-head", *change, *files) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "lstm-cornbelt-century on towers-sample (leave-one-site-out, 1 site-years, GPP)" in error
        assert " ".join(change) in error
        assert (out.read_text(), work.read_text()) == (before, done), "nothing was trained, nothing lost"
    assert run(*SMALL, *FEW, "--recipe", "finetune-head", *files) == 0
    assert {row["recipe"] for row in gain_rows.read_file(out)} == {"scratch", "zero-shot", "finetune-head"}


def test_rows_of_a_data_set_that_is_not_bundled_tell_its_source(tmp_path: Path) -> None:
    own = tmp_path / "own.zarr.zip"
    shutil.copy(catalog.get("towers-sample").path, own)
    assert run(*SMALL, *FEW, "--data", own, "--out", tmp_path / "rows.json", "--work", tmp_path / "runs.jsonl") == 0
    told = {tuple(row[name] for name in gain_rows.TOLD) for row in gain_rows.read_file(tmp_path / "rows.json")}
    ((title, licence, citation),) = told
    assert "US-Tw3" in title and licence.startswith("CC-BY") and "Pastorello" in citation
    assert not {"title"} & set(gain_rows.read()[0]), "those of bundled data sets are in the catalog"


def test_simulations_of_both_simulators_are_pooled(tmp_path: Path) -> None:
    both = "cornbelt-century+cornbelt-ceres"
    pooled = ("--recipe", "pooled", "--target", "GPP", "--shots", "1", "--source", both)
    files = ("--out", tmp_path / "rows.json", "--work", tmp_path / "runs.jsonl")
    assert run("--data", "towers-sample", *pooled, *FEW, *files) == 0
    rows = gain_rows.read_file(tmp_path / "rows.json")
    assert {row["source"] for row in rows} == {both}
    assert all(f"--source {both}" in row["command"] for row in rows)
    assert {"pooled", "scratch"} == {row["recipe"] for row in rows}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--recipe", "magic"), "magic"),
        (("--shots", "one"), "whole numbers"),
        (("--target", "N2O_FLUX"), "holds none of N2O_FLUX"),
        (("--protocol", "nice"), "nice"),
        (("--protocol", ""), "--protocol names nothing"),
        (("--data", " , "), "--data names nothing"),
        (("--seeds", "0,18446744073709551616"), "too large a number"),
        (("--shots", "0,1"), "leaves nothing to train on"),
        (("--out", "/"), "is a folder"),
        (("--model", "lstm-randomised-hidden30-towers-sample-finetune-head"), "compare its own source"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, str], says: str
) -> None:
    assert run(*SMALL, *FEW, "--out", tmp_path / "rows.json", "--work", tmp_path / "w", *args) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_more_site_years_than_there_are_make_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows.json"
    assert run(*SMALL, *FEW, "--shots", "50", "--out", out, "--work", tmp_path / "w") == 2
    assert "ask for fewer with --shots" in capsys.readouterr().err
    assert not out.exists()


def test_a_mistake_is_told_before_the_process_model_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ("--data", "towers-sample", "--recipe", "hybrid", "--out", tmp_path / "rows.json")
    assert run(*few, "--protocol", "nice") == 2
    assert "hybrid is left out" not in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")
def test_the_process_model_runs_where_it_can_and_says_where_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, few = tmp_path / "rows.json", ("--shots", "1", "--seeds", "0", "--epochs", "1", "--json")
    here = ("--data", "towers-sample", "--target", "GPP", "--recipe", "hybrid", "--protocol", "leave-years-out")
    assert run(*here, *few, "--out", out, "--work", tmp_path / "runs.jsonl") == 0
    told = capsys.readouterr()
    assert "hybrid is left out at US-AR1: the process model does not run switchgrass" in told.err
    rows = json.loads(told.out)
    assert {row["site"] for row in rows if row["recipe"] == "hybrid"} == {"US-Tw3"}
    assert {row["site"] for row in rows if row["recipe"] == "scratch"} == {"US-Tw3", "US-AR1", "all"}
