"""``agroflux finetune`` as a user calls it, on a real tower with a budget of a few epochs."""

import json
from pathlib import Path

import pytest

from agroflux import paths
from agroflux.cli import main
from agroflux.inference.predict import load
from agroflux.training import names

USUAL = ("--data", "towers-sample", "--target", "NEE,GPP", "--site-years", "US-Tw3:2014,US-Tw3:2015")


def run(*args: str | Path) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stopped:
        main(["finetune", *map(str, args)])
        raise SystemExit(0)
    return int(stopped.value.code or 0)


def test_a_run_leaves_a_checkpoint_with_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = ("--validate", "US-Tw3:2016", "--test", "US-Tw3:2017")
    assert run(*USUAL, *named, "--epochs", "2", "--out", tmp_path, "--json") == 0
    card = json.loads(capsys.readouterr().out)
    assert card["id"] == "lstm-cornbelt-century-towers-sample-finetune"
    assert card["data"]["site_years"] == {
        "train": ["US-Tw3:2014", "US-Tw3:2015"],
        "validate": ["US-Tw3:2016"],
        "test": ["US-Tw3:2017"],
    }
    assert card["training"]["source_model"]["id"] == "lstm-cornbelt-century"
    assert card["training"]["share_of_days_known"]["CROP"] == 0
    assert "N2O_FLUX" in card["training"]["targets_left_alone"]
    assert [(row["model"], row["target"]) for row in card["scores"]] == [
        *((card["id"], target) for target in ("NEE", "GPP")),
        *(("climatology", target) for target in ("NEE", "GPP")),
    ]
    assert [(row["by"], row["group"]) for row in card["scores_by_group"] if row["target"] == "GPP"] == 2 * [
        ("crop", "alfalfa"), ("management", "unknown")
    ]  # fmt: skip
    assert card["scores_by_group"][0]["r2"] == card["scores"][0]["r2"]
    assert card["synthetic"] is False
    assert card["command"] == (
        "agroflux finetune --model lstm-cornbelt-century --data towers-sample --target NEE,GPP --recipe finetune "
        "--site-years US-Tw3:2014,US-Tw3:2015 --validate US-Tw3:2016 --test US-Tw3:2017 --seed 0 --epochs 2"
    )
    assert load(tmp_path / f"{card['id']}.safetensors").card.as_dict() == card


def test_without_json_the_scores_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run(*USUAL, "--epochs", "1", "--every", "1", "--out", tmp_path) == 0
    shown = capsys.readouterr()
    assert "climatology" in shown.out and "alfalfa" in shown.out
    assert "chosen by US-Tw3:2018" in shown.err
    assert run(*USUAL, "--recipe", "zero-shot", "--target", "GPP,GPP", "--out", tmp_path, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["scores"]) == 2, "a target that is named twice is one"
    assert run(*USUAL, "--recipe", "zero-shot", "--out", tmp_path) == 0
    assert "Best epoch" not in capsys.readouterr().err, "what is not trained has none"


def test_a_model_that_is_put_nowhere_else_is_found_by_its_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "data"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    small = ("--data", "chambers-synthetic", "--target", "N2O_FLUX", "--site-years", "CH-1:2014,CH-2:2014")
    assert run(*small, "--recipe", "scratch", "--epochs", "1", "--json") == 0
    name = json.loads(capsys.readouterr().out)["id"]
    assert sorted(path.name for path in paths.user_models().iterdir()) == [f"{name}.json", f"{name}.safetensors"]
    assert not list(Path().iterdir())
    with pytest.raises(SystemExit) as ended:
        main(["predict", "--model", name, "--sites", "19027", "--years", "2018", "--n-rate", "168", "--out", "x.nc"])
    assert not ended.value.code, capsys.readouterr().err
    assert Path("x.nc").is_file()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--recipe", "magic"), "magic"),
        (("--target", "N2O_FLUX"), "holds no N2O_FLUX"),
        (("--site-years", "US-Tw3"), "write SITE:YEAR"),
        (("--site-years", "US-Tw3:1999"), "US-Tw3:1999"),
        (("--validate", "US-Tw3:2014"), "two uses"),
        (("--data", "cornbelt-ceres"), "is a simulation"),
        (("--model", "gru"), "gru"),
        (("--model", "lstm-randomised-hidden30-towers-sample-finetune-head"), "which cannot test it"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, str], says: str
) -> None:
    assert run(*USUAL, "--out", tmp_path, *args) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_another_adaptation_takes_no_models_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = "lstm-cornbelt-century-towers-sample-zero-shot"
    quick = (*USUAL, "--recipe", "zero-shot", "--out", tmp_path, "--json")
    ids = []
    for change in ((), ("--target", "GPP"), ("--target", "GPP"), ("--seed", "3")):
        assert run(*quick, *change) == 0
        said = capsys.readouterr()
        ids.append(json.loads(said.out)["id"])
        assert (f"Another adaptation is called {plain}: this one is called {ids[-1]}" in said.err) is (ids[-1] != plain)
    assert ids == [plain, f"{plain}-2", f"{plain}-2", f"{plain}-3"], "the same command makes the same model again"
    assert load(tmp_path / f"{plain}.safetensors").card.training["targets"] == ["NEE", "GPP"]


def test_a_name_of_a_shipped_model_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = [path.stem for path in paths.adapted_models().glob("*-finetune.safetensors")]
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    with names.free(name, paths.user_models(), "agroflux finetune") as other, names.free(name, tmp_path) as plain:
        assert (other, plain) == (f"{name}-2", name)


def test_a_place_that_cannot_be_written_to_is_told_before_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    for out in (file, file / "models"):
        assert run(*USUAL, "--out", out) == 2
        assert f"{file} is no folder that can be written to" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("seed", ["-1", "18446744073709551616"])
def test_a_seed_out_of_range_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: str) -> None:
    assert run(*USUAL, "--out", tmp_path, "--seed", seed) == 2
    assert "Invalid value for '--seed'" in capsys.readouterr().err


def test_simulations_that_a_recipe_does_not_take_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*USUAL, "--source", "cornbelt-ceres", "--recipe", "finetune", "--out", tmp_path) == 2
    assert "--source is for recipes that train on simulations too" in capsys.readouterr().err
