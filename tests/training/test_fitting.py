"""Fitting on several devices, in a folder that moves, and a run that was stopped when all but its card was done."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from agroflux.baselines import card as cards
from agroflux.baselines import checkpoint
from agroflux.data.splits import Split
from agroflux.errors import ModelError
from agroflux.training import batches, fitting, recipes, supervised
from tests.synthetic_contract import tiny
from tests.training.interrupted import cut_off

SPLIT = Split((2000, 2001, 2002, 2003), (2004,), (2005,), (2000, 2001, 2002, 2003))
SOURCE = supervised.Source("tiny-full", "0" * 64, "agroflux train --data tiny-full")
#: 27 windows: batches of 13, 13 and 1, of which a second device has 6, 6 and none.
RECIPE = recipes.recipe("lstm", config={"hidden": 8}, max_epochs=3, loss_years=1, batch=13)


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    ds = tiny(3, 3, 6)
    ds["GPP"][0, :, 100:700] = np.nan  # devices then hold unlike numbers of values
    return ds


def train(data: xr.Dataset, folder: Path, recipe: recipes.Recipe = RECIPE, devices: int | None = None) -> Path:
    return supervised.train(data, SPLIT, recipe, SOURCE, out=folder / "models", work=folder / "work", devices=devices)


def weights(path: Path) -> dict[str, torch.Tensor]:
    return checkpoint.load(path).network.state_dict()


@pytest.mark.skipif(torch.cuda.is_available(), reason="processes on a processor are what is tested here")
def test_two_processes_take_the_steps_of_one(data: xr.Dataset, tmp_path: Path) -> None:
    one, two = train(data, tmp_path / "one"), train(data, tmp_path / "two", devices=2)
    start = {name: part.clone() for name, part in weights(one).items()}
    torch.testing.assert_close(weights(two), start, atol=1e-4, rtol=1e-3)
    cards_ = [cards.read(path) for path in (one, two)]
    assert [card.training["devices"] for card in cards_] == [1, 2]
    assert [card.training["steps"] for card in cards_] == [9, 9]
    assert cards_[1].training["validation_loss"] == pytest.approx(cards_[0].training["validation_loss"], abs=2e-5)
    assert len((tmp_path / "two" / "work" / "progress.jsonl").read_text().splitlines()) == 3
    assert sorted(p.name for p in two.parent.iterdir()) == [
        "lstm-tiny-set-hidden-8.json",
        "lstm-tiny-set-hidden-8.safetensors",
    ]


def test_devices_share_a_batch_and_one_without_a_row_counts_nothing(data: xr.Dataset) -> None:
    arrays, _, _ = batches.load(data, SPLIT.scaler, range(2000, 2004))
    every = batches.cut(arrays, SPLIT.train, 2)
    whole, shares = batches.Batches(arrays, every, 13), [batches.Batches(arrays, every, 13, (k, 2)) for k in (0, 1)]
    for got, wanted in zip((part[0] for part in zip(*(s[0] for s in shares), strict=True)), whole[0], strict=False):
        torch.testing.assert_close(got, wanted[::2], equal_nan=True)
    torch.testing.assert_close(shares[1][1][1], whole[1][1][1::2], equal_nan=True)
    x, y = shares[1][2]
    assert len(x) == 1
    assert torch.isnan(y).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU to ask too many of")
def test_more_gpus_than_there_are_cannot_be_had() -> None:
    with pytest.raises(ModelError, match="ask for fewer"):
        fitting.count(torch.cuda.device_count() + 1)


def test_a_folder_that_was_moved_goes_on_to_the_same_weights(
    data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = train(data, tmp_path / "straight")
    cut_off(monkeypatch, lambda: train(data, tmp_path / "here"))
    shutil.move(tmp_path / "here", tmp_path / "there")
    moved = train(data, tmp_path / "there")
    torch.testing.assert_close(weights(moved), weights(straight), atol=0, rtol=0)
    state = torch.load(tmp_path / "there" / "work" / "last.ckpt", weights_only=True)["callbacks"]
    kept = next(value for key, value in state.items() if key.startswith("ModelCheckpoint"))
    assert kept["best_model_path"] == str(tmp_path / "there" / "work" / "best.ckpt")
    assert kept["best_model_score"] is not None
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize(
    "ends", [{}, {"patience": 1, "learning_rate": 3.0, "max_epochs": 9}], ids=["epochs", "patience"]
)
def test_a_run_that_lacks_only_its_card_takes_no_step_more(
    data: xr.Dataset, tmp_path: Path, ends: dict[str, float]
) -> None:
    recipe = dataclasses.replace(RECIPE, **ends)
    first = train(data, tmp_path, recipe)
    card, kept, notes = cards.read(first), weights(first), tmp_path / "work" / "progress.jsonl"
    assert card.training["epochs"] == len(notes.read_text().splitlines()) < 9
    shutil.rmtree(tmp_path / "models")
    again = train(data, tmp_path, recipe)
    assert len(notes.read_text().splitlines()) == card.training["epochs"]
    torch.testing.assert_close(weights(again), kept, atol=0, rtol=0)
    same = ("epochs", "best_epoch", "steps", "minutes", "validation_loss")
    assert [cards.read(again).training[key] for key in same] == [card.training[key] for key in same]
    scores = [
        [{k: v for k, v in row.items() if k != "duration_s"} for row in c.scores] for c in (cards.read(again), card)
    ]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("name", ["last.ckpt", "best.ckpt"])
def test_a_file_that_was_cut_off_is_named(
    data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    cut_off(monkeypatch, lambda: train(data, tmp_path))
    file = tmp_path / "work" / name
    whole = file.read_bytes()
    for size in (0, len(whole) // 2):
        file.write_bytes(whole[:size])
        with pytest.raises(ModelError, match=rf"{name} cannot be read .* remove the folder {file.parent} "):
            train(data, tmp_path)
    file.write_bytes(whole)
    assert train(data, tmp_path).is_file()


def test_a_run_with_more_time_goes_on(data: xr.Dataset, tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, max_minutes=1e-4, max_epochs=9)
    ended = cards.read(train(data, tmp_path, recipe)).training
    longer = cards.read(train(data, tmp_path, dataclasses.replace(recipe, max_minutes=60.0))).training
    assert ended["epochs"] < longer["epochs"] == 9


def test_a_resumed_run_drops_what_it_would_have_dropped(
    data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"hidden": 8, "layers": 1, "heads": 2, "feed": 8, "narrow": 4, "dropout": 0.5}
    recipe = recipes.recipe("pyraformer", config=config, max_epochs=4, loss_years=1, batch=13)
    straight = train(data, tmp_path / "straight", recipe)
    cut_off(monkeypatch, lambda: train(data, tmp_path / "cut", recipe))
    torch.testing.assert_close(weights(train(data, tmp_path / "cut", recipe)), weights(straight), atol=0, rtol=0)
