"""``agroflux train`` as a user calls it: a whole tiny run, and its mistakes."""

import json
from pathlib import Path

import pandas as pd
import pytest

from agroflux.cli import main
from agroflux.data.store import write_store
from agroflux.inference.predict import load
from tests.synthetic_contract import tiny


def run(*args: str | Path) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stopped:
        main(["train", *map(str, args)])
        raise SystemExit(0)
    return int(stopped.value.code or 0)


def test_a_run_leaves_a_checkpoint_and_prints_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "tiny-full.zarr"
    write_store(tiny(2, 2, 8), store)
    folders = ("--out", tmp_path / "models", "--work", tmp_path / "work")
    usual = ("--data", store, *folders, "--max-epochs", "1", "--set", "hidden=8")
    assert run(*usual, "--json") == 0
    card = json.loads(capsys.readouterr().out)
    assert card["id"] == "lstm-tiny-set-hidden-8"
    assert card["config"]["hidden"] == 8
    assert card["split"]["train"] == [2000, 2001, 2002, 2003]
    assert str(tmp_path) not in json.dumps(card)
    assert card["command"].startswith("agroflux train --model lstm --data tiny-full.zarr --protocol clean")
    assert load(tmp_path / "models" / "lstm-tiny-set-hidden-8.safetensors").card.as_dict() == card
    assert run(*usual, "--seed", "1") == 2
    assert "another run" in capsys.readouterr().err
    assert run(*usual, "--work", tmp_path / "other", "--seed", "1") == 0
    said = capsys.readouterr()
    assert "Epoch 0" in said.err and "Epoch" not in said.out  # a bar in a file of scores is of no use
    assert "rmse" in said.out


def test_a_model_of_other_data_is_not_replaced_unless_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = ("--out", tmp_path / "models", "--max-epochs", "1", "--set", "hidden=8", "--json")
    for folder, sites in (("first", 2), ("second", 1)):
        write_store(tiny(sites, 2, 6), tmp_path / folder / "tiny.zarr")
    assert run("--data", tmp_path / "first" / "tiny.zarr", "--work", tmp_path / "w1", *usual) == 0
    first = json.loads(capsys.readouterr().out)["data"]["sha256"]
    other = ("--data", tmp_path / "second" / "tiny.zarr", "--work", tmp_path / "w2", *usual)
    assert run(*other) == 2
    assert f"was trained on other data (tiny, SHA-256 {first[:12]})" in capsys.readouterr().err
    kept = tmp_path / "models" / "lstm-tiny-set-hidden-8.safetensors"
    assert load(kept).card.data["sha256"] == first
    assert run(*other, "--force") == 0
    assert load(kept).card.data["sha256"] != first


@pytest.mark.parametrize("damage", ["gone", "cut off"])
def test_a_training_that_was_killed_before_its_card_was_written_is_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    store = write_store(tiny(1, 2, 6), tmp_path / "tiny.zarr")
    folders = ("--out", tmp_path / "models", "--work", tmp_path / "work")
    usual = ("--data", store, *folders, "--max-epochs", "1", "--set", "hidden=8", "--json")
    assert run(*usual) == 0
    first = json.loads(capsys.readouterr().out)
    card = tmp_path / "models" / "lstm-tiny-set-hidden-8.json"
    if damage == "gone":
        card.unlink()
    else:
        card.write_text(card.read_text()[:-9])
    assert run(*usual) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["weights_sha256"], again["training"]["epochs"]) == (first["weights_sha256"], 1)
    assert load(card).card.as_dict() == again


def test_one_model_learns_from_two_simulators(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = tiny(2, 2, 6)
    stores = [
        write_store(one, tmp_path / "one.zarr"),
        write_store(one.assign(GPP=2 * one["GPP"]), tmp_path / "two.zarr"),
    ]
    folders = ("--out", tmp_path / "models", "--work", tmp_path / "work")
    usual = ("--max-epochs", "1", "--set", "hidden=8", "--json")
    assert run("--data", "+".join(map(str, stores)), *folders, *usual) == 0
    card = json.loads(capsys.readouterr().out)
    assert (card["id"], card["data"]["id"], card["data"]["scenarios"]) == (
        "lstm-one-and-two-set-hidden-8",
        "one+two",
        4,
    )
    assert "--data one.zarr+two.zarr" in card["command"]
    assert str(tmp_path) not in json.dumps(card)
    # What it learnt to aim at lies between the two: its mean is that of both.
    scaler = load(tmp_path / "models" / "lstm-one-and-two-set-hidden-8.safetensors").targets
    gpp = one["GPP"].sel(time=one["time"].dt.year.isin(card["split"]["train"])).mean()
    assert float(scaler.mean[scaler.names.index("GPP")]) == pytest.approx(1.5 * float(gpp), rel=1e-3)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--model", "gru"), "gru"),
        (("--protocol", "nice"), "nice"),
        (("--set", "hidden"), "name=number"),
        (("--set", "width=3"), "width"),
        (("--model", "transformer", "--set", "heads=3"), "hidden 64 must be a multiple of heads 3"),
        (("--set", "hidden=-4"), "cannot be built with hidden=-4: give a whole number of at least 1"),
        (("--max-minutes", "inf"), "cannot be given inf minutes"),
        (("--model", "tcn", "--set", "kernel=0"), "kernel=0: give a whole number of at least 1"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], says: str
) -> None:
    store = tmp_path / "tiny.zarr"
    write_store(tiny(1, 2, 4), store)
    assert run("--data", store, "--out", tmp_path, "--work", tmp_path / "work", *args) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not (tmp_path / "work").exists()


def test_measurements_and_leap_years_are_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = ("--out", tmp_path / "models", "--work", tmp_path / "work")
    assert run("--data", "towers-sample", *usual) == 2
    assert "no simulation" in capsys.readouterr().err
    leap = tiny(1, 1, 8, first=2001)
    days = pd.date_range("2001-01-01", "2008-12-31", freq="D")
    daily = leap.reindex(time=days, method="nearest").assign_attrs(calendar="standard")
    assert run("--data", write_store(daily, tmp_path / "leap.zarr"), *usual, "--work", tmp_path / "other") == 2
    assert "train on a noleap data set" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_to_is_told_before_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, work = tmp_path / "file", tmp_path / "work"
    file.touch()
    assert run("--data", "cornbelt-century", "--out", file, "--work", work) == 2
    assert f"{file} is no folder that can be written to" in " ".join(capsys.readouterr().err.split())
    assert not work.exists()


@pytest.mark.parametrize("wrong", [("--seed", "-1"), ("--seed", "18446744073709551616"), ("--max-minutes", "0")])
def test_a_number_out_of_range_is_refused_by_its_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str]
) -> None:
    usual = ("--data", "cornbelt-century", "--rates", "0", "--phases", "one", "--out", tmp_path, "--work", tmp_path)
    assert run(*usual, *wrong) == 2
    assert f"Invalid value for '{wrong[0]}'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
