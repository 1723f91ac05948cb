"""Cards: what pages rely on is checked as one is read, and two that are written at once do not collide."""

import dataclasses
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.baselines import checkpoint
from agroflux.errors import ModelError
from tests.baselines.test_checkpoint import make, rewrite

ADAPTED = "lstm-cornbelt-century-chambers-synthetic-finetune"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound model of its own and a shipped one that was adapted, which the tests damage."""
    checkpoint.save(make(), tmp_path)
    for ending in (cards.CARD, cards.WEIGHTS):
        shutil.copy(paths.adapted_models() / f"{ADAPTED}{ending}", tmp_path)
    return tmp_path


@pytest.mark.parametrize("place", [paths.MODELS, paths.adapted_models()], ids=["models", "adapted"])
def test_each_shipped_card_can_be_read(place: Path) -> None:
    assert {card["id"] for card in cards.available(place)} == {path.stem for path in place.glob("*.safetensors")}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"id": 5}, "its id '5' is not"),
        ({"id": "../../x<b>"}, "its id '../../x<b>' is not"),
        ({"id": "lstm-test"}, "its id 'lstm-test' is not"),
        ({"title": {"a": 1}}, "title is not text"),
        ({"title": "half a sign \ud800"}, "title is nested too deep, or holds characters"),
        ({"model": None}, "model is not text"),
        ({"preset": 1}, "preset is not text"),
        ({"config": []}, "config is not an object"),
        ({"drivers": "text"}, "drivers is not a list of"),
        ({"targets": 5}, "targets is not a list of"),
        ({"targets": [["NEE", 1]]}, "targets is not a list of"),
        ({"targets": [["NEE"]]}, "targets is not a list of"),
        ({"warmup_days": 1e12}, "warmup_days is not a whole number from 0 to 36,500"),
        ({"warmup_days": -1}, "warmup_days is not a whole number"),
        ({"split": {"train": [2000]}}, "split is not an object with the years of train"),
        ({"split": {"train": 5, "validate": [], "test": []}}, "split is not"),
        ({"sites": {"test": [19027]}}, "sites is not"),
        ({"data": "text"}, "data is not an object with the id"),
        ({"data": {}}, "data is not an object with the id"),
        ({"data": {"id": "towers", "licence": 5}}, "data is not"),
        ({"data": {"id": "towers", "site_years": {"train": ["US-Tw3:2014"]}}}, "data is not"),
        ({"data": {"id": "towers"}}, "it tells a source_model, but not the recipe, targets and site_years"),
        ({"training": []}, "training is not an object"),
        ({"training": {"source_model": "lstm"}}, "training is not"),
        ({"training": {"targets_left_alone": 5}}, "training is not"),
        ({"training": {"parameters": "many"}}, "training is not"),
        ({"training": {"source_model": {"id": "lstm"}}}, "it tells a source_model, but not the recipe"),
        ({"training": {"note": json.loads("[" * 300 + "]" * 300)}}, "training is nested too deep"),
        ({"seed": float("nan")}, "seed is not a whole number"),
        ({"seed": True}, "seed is not a whole number"),
        ({"fold": "1"}, "fold is not"),
        ({"synthetic": "no"}, "synthetic is not true or false"),
        ({"scores": [5]}, "scores is not a list of objects"),
        ({"scores": [{"model": "lstm", "r2": 0.5}]}, "scores is not"),
        ({"scores_by_group": {"model": "lstm"}}, "scores_by_group is not"),
        ({"below_climatology": [1]}, "below_climatology is not"),
        ({"weights_sha256": 0}, "weights_sha256 is not text"),
        ({"command": ["agroflux"]}, "command is not text"),
    ],
)
def test_a_card_of_wrong_types_is_told_and_left_out(folder: Path, changes: dict[str, Any], says: str) -> None:
    path = folder / f"{ADAPTED}.safetensors"
    rewrite(path, **changes)
    with pytest.raises(ModelError, match=rf"card {re.escape(str(path.with_suffix('.json')))}: {re.escape(says)}"):
        cards.read(path)
    with pytest.raises(ModelError, match="copy the model again under its own name, or remove both its files"):
        checkpoint.load(path)
    assert [card["id"] for card in cards.available(folder)] == ["lstm-test"]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": 1, "seed": ' + "9" * 5000 + "}", "5", "\udcff"])
def test_what_is_no_card_is_told_and_left_out(folder: Path, text: str) -> None:
    path = folder / f"{ADAPTED}.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelError, match=r"cannot be read|is not of format"):
        cards.read(path)
    assert [card["id"] for card in cards.available(folder)] == ["lstm-test"]


def test_a_score_that_is_not_defined_is_no_damage(folder: Path) -> None:
    path = folder / f"{ADAPTED}.safetensors"
    card = cards.read(path)
    undefined = [card.scores[0] | {"r2": value} for value in (None, float("nan"))]
    cards.write(dataclasses.replace(card, scores=undefined, fold=None), path)
    assert [row["r2"] for row in cards.read(path).scores] == [None, pytest.approx(float("nan"), nan_ok=True)]


def test_two_that_write_the_same_card_do_not_take_each_others_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, first, replace = folder / f"{ADAPTED}.safetensors", cards.read(folder / f"{ADAPTED}.json"), Path.replace
    second, late = dataclasses.replace(first, title="the second"), [True]

    def meanwhile(part: Path, target: Path) -> Path:
        if late:
            late.clear()
            cards.write(second, path)
            assert cards.read(path) == second
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", meanwhile)
    cards.write(first, path)
    assert not late and cards.read(path) == first
    assert not list(folder.glob(".*"))


def test_a_writing_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(part: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    before, card = sorted(folder.iterdir()), cards.read(folder / f"{ADAPTED}.json")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        cards.write(dataclasses.replace(card, title="another"), folder / f"{ADAPTED}.safetensors")
    assert sorted(folder.iterdir()) == before and cards.read(folder / f"{ADAPTED}.json") == card


def test_an_unknown_id_is_told_with_all_that_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    own = checkpoint.save(make(), paths.user_models())
    assert cards.weights_path("lstm-test") == own
    with pytest.raises(ModelError, match="no model 'gru' in ") as error:
        cards.weights_path("gru")
    for part in (paths.MODELS, paths.user_models(), "lstm-cornbelt-century,", ADAPTED, "lstm-test;", "agroflux train"):
        assert str(part) in str(error.value)
    monkeypatch.setattr(cards, "_LISTED", 2)
    with pytest.raises(ModelError, match="known are ealstm-cornbelt-century, ealstm-cornbelt-ceres, 17 more; or make"):
        cards.weights_path("gru")
    with pytest.raises(ModelError, match=r"no model 'gru.json' at gru.safetensors: known are"):
        cards.weights_path("gru.json")
