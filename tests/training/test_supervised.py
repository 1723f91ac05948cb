"""A whole tiny training: it learns, it is quiet, it goes on after a stop and refuses another run's folder."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from agroflux import schema
from agroflux.baselines import card as cards
from agroflux.baselines import checkpoint, registry
from agroflux.data import splits
from agroflux.data.splits import Split
from agroflux.data.subsample import Subsample, take
from agroflux.errors import DataError, ModelError, SelectionError
from agroflux.training import batches, locks, recipes, supervised
from tests.synthetic_contract import tiny
from tests.training.interrupted import cut_off

SPLIT = Split((2000, 2001, 2002, 2003), (2004,), (2005,), (2000, 2001, 2002, 2003))
SOURCE = supervised.Source("tiny-full", "0" * 64, "agroflux train --data tiny-full")
RECIPE = supervised.Recipe(
    config={"hidden": 48}, max_epochs=30, loss_years=1, batch=9, decay=0.98, learning_rate=1e-2, patience=30
)


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return tiny(3, 3, 6)


@pytest.fixture(scope="module")
def trained(data: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    return supervised.train(data, SPLIT, RECIPE, SOURCE, out=folder / "models", work=folder / "work")


def test_it_beats_climatology_on_days_it_never_saw(trained: Path) -> None:
    card = cards.read(trained)
    rmse = {(row["model"], row["target"]): row["rmse"] for row in card.scores}
    weather_driven = [t for t in schema.DAILY_TARGETS if t.startswith(("WTR", "TMAX", "TMIN"))]
    for target in weather_driven:
        assert rmse[card.id, target] < 0.8 * rmse["climatology", target], target
    assert not set(weather_driven) & set(card.below_climatology)
    assert {row["duration_s"] >= 0 for row in card.scores if row["model"] == "climatology"} == {True}
    assert {row["target"] for row in card.scores} == set(schema.TARGETS)
    assert {row["n"] for row in card.scores if row["target"] == "Yield"} == {9}


def test_the_card_says_how_it_came_about(trained: Path) -> None:
    card = cards.read(trained)
    assert card.id == "lstm-tiny-rate-0-01-set-hidden-48"
    years = [2000, 2001, 2002, 2003]
    assert card.split == {"train": years, "validate": [2004], "test": [2005], "scaler": years}
    assert (card.seed, card.protocol, card.experiment, card.data["sha256"]) == (0, "clean", "temporal", "0" * 64)
    assert card.training["parameters"] == sum(p.numel() for p in checkpoint.load(trained).network.parameters())


def test_scalers_saw_training_years_only(data: xr.Dataset) -> None:
    hot = data.copy(deep=True)
    late = hot["time"].dt.year > 2003
    for name in ("TMAX", "GPP"):
        hot[name] = hot[name].where(~late, hot[name] + 100).assign_attrs(data[name].attrs)
    _, x, y = batches.load(data, SPLIT.scaler, range(2000, 2005))
    _, x_hot, y_hot = batches.load(hot, SPLIT.scaler, range(2000, 2005))
    np.testing.assert_array_equal(x.mean, x_hot.mean)
    np.testing.assert_array_equal(y.std, y_hot.std)


def test_a_stopped_run_goes_on_to_the_same_weights(
    data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = dataclasses.replace(RECIPE, config={"hidden": 8}, max_epochs=4)
    straight = supervised.train(data, SPLIT, short, SOURCE, out=tmp_path / "a", work=tmp_path / "wa")
    cut_off(monkeypatch, lambda: supervised.train(data, SPLIT, short, SOURCE, out=tmp_path / "b", work=tmp_path / "wb"))
    assert not (tmp_path / "b").exists()
    assert torch.load(tmp_path / "wb" / "last.ckpt", weights_only=True)["epoch"] == 1
    broken = supervised.train(data, SPLIT, short, SOURCE, out=tmp_path / "b", work=tmp_path / "wb")
    first, second = checkpoint.load(straight).network.state_dict(), checkpoint.load(broken).network.state_dict()
    for name, tensor in first.items():
        torch.testing.assert_close(tensor, second[name])
    epochs = [json.loads(line)["epoch"] for line in (tmp_path / "wb" / "progress.jsonl").read_text().splitlines()]
    assert sorted(set(epochs)) == epochs == [0, 1, 2, 3], "each once: a start from nothing ends alike"


def test_a_folder_of_another_run_is_refused(data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError):  # it has claimed its folder before it finds that the data will not do
        supervised.train(data.drop_vars("PH"), SPLIT, RECIPE, SOURCE, out=tmp_path, work=tmp_path / "w")
    other = dataclasses.replace(RECIPE, seed=1)
    with pytest.raises(ModelError, match="another run"):
        supervised.train(data, SPLIT, other, SOURCE, out=tmp_path, work=tmp_path / "w")
    presets = registry.NETWORKS[RECIPE.model][2]
    monkeypatch.setitem(presets, RECIPE.preset, presets[RECIPE.preset] | {"memory_days": 365.0})
    with pytest.raises(ModelError, match="another run"):  # the same recipe, and a preset that was changed since
        supervised.train(data, SPLIT, RECIPE, SOURCE, out=tmp_path, work=tmp_path / "w")


def test_a_folder_belongs_to_what_was_taken_of_the_data(data: xr.Dataset, tmp_path: Path) -> None:
    short = dataclasses.replace(RECIPE, config={"hidden": 4}, max_epochs=1)
    work, whole = tmp_path / "w", tmp_path / "whole"
    for rates, place in (((0.0, 168.0), work), ((), whole)):
        part = Subsample(rates)
        of = dataclasses.replace(SOURCE, subsample=part)
        supervised.train(take(data, part), SPLIT, short, of, out=tmp_path, work=place)
    other = dataclasses.replace(SOURCE, subsample=Subsample((168.0, 336.0)))
    with pytest.raises(ModelError, match="another run"):  # as many rates give it the same id
        supervised.train(take(data, other.subsample), SPLIT, short, other, out=tmp_path, work=work)
    assert "subsample" not in (whole / "run.json").read_text(), "folders of older versions go on"


def test_a_note_that_was_broken_off_keeps_no_run_from_going_on(
    data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    short = dataclasses.replace(RECIPE, config={"hidden": 4}, max_epochs=1)
    work, note = tmp_path / "w", tmp_path / "w" / "run.json"

    def killed(*_: object) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            supervised.train(data, SPLIT, short, SOURCE, out=tmp_path, work=work)
    assert not note.exists(), "it is there whole or not at all"
    note.write_text("")
    supervised.train(data, SPLIT, short, SOURCE, out=tmp_path, work=work)
    assert not caplog.messages, "nothing was trained there"
    whole, written = note.read_text(), note.stat()
    supervised.train(data, SPLIT, short, SOURCE, out=tmp_path, work=work)
    assert (note.stat().st_ino, note.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns), "left alone"
    for left in ("", whole[:40]):
        caplog.clear()
        note.write_text(left)
        supervised.train(data, SPLIT, short, SOURCE, out=tmp_path, work=work)
        assert note.read_text() == whole
        assert "stop this one and remove that folder" in caplog.text, "a state there may be another run's"
    for foreign in (whole[:40] + "no more of ours", "[", "\0"):
        note.write_text(foreign)
        with pytest.raises(ModelError, match=r"another run .*: choose another --work, or remove that folder"):
            supervised.train(data, SPLIT, short, SOURCE, out=tmp_path, work=work)


def test_two_processes_do_not_train_in_one_folder(data: xr.Dataset, tmp_path: Path) -> None:
    short = dataclasses.replace(RECIPE, config={"hidden": 4}, max_epochs=1)
    with locks.alone(tmp_path / "w"), pytest.raises(ModelError, match="another process trains"):
        supervised.train(data, SPLIT, short, SOURCE, out=tmp_path, work=tmp_path / "w")
    assert not list((tmp_path / "w").iterdir())
    assert supervised.train(data, SPLIT, short, SOURCE, out=tmp_path, work=tmp_path / "w").is_file()


def test_what_cannot_be_trained_on_is_refused(data: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no setting width"):
        wrong = dataclasses.replace(RECIPE, config={"width": 3})
        supervised.train(data, SPLIT, wrong, SOURCE, out=tmp_path, work=tmp_path / "w")
    with pytest.raises(DataError, match="PH"):
        supervised.train(data.drop_vars("PH"), SPLIT, RECIPE, SOURCE, out=tmp_path, work=tmp_path / "w")
    long = dataclasses.replace(RECIPE, warmup_years=4)
    with pytest.raises(SelectionError, match="5 consecutive years"):
        supervised.train(data, SPLIT, long, SOURCE, out=tmp_path, work=tmp_path / "v")
    assert not list(tmp_path.glob("*.safetensors"))


def test_windows_of_an_epoch_follow_from_the_seed(data: xr.Dataset) -> None:
    arrays, _, _ = batches.load(data, SPLIT.scaler, range(2000, 2004))
    every = batches.cut(arrays, SPLIT.train, 2)
    assert len(every) == 3 * 3 * 3
    again = [batches.sample(every, 10, (0, 0, epoch)).index.tolist() for epoch in (4, 4, 5)]
    assert again[0] == again[1] != again[2]
    x, y = batches.Batches(arrays, batches.sample(every, 10, (0,)), 4)[2]
    assert (x.shape, y.shape) == ((2, 730, 11), (2, 730, 20))


def test_a_spatial_run_never_sees_the_counties_it_is_tested_on(tmp_path: Path) -> None:
    ds = tiny(6, 2, 6)
    split = splits.make(ds, "clean", "spatial", 1)
    changed = ds.copy(deep=True)
    unseen = {"site": list(split.test_sites)}
    for name in ("TMAX", "SAND", "GPP"):
        changed[name].loc[unseen] = changed[name].loc[unseen] + 50
    recipe = recipes.recipe("tcn", config={"hidden": 4, "dilations": [1, 3]}, max_epochs=2, loss_years=1, batch=4)
    first, second = (
        checkpoint.load(supervised.train(data, split, recipe, SOURCE, out=tmp_path / n, work=tmp_path / f"w{n}",
                                         experiment="spatial"))
        for n, data in (("a", ds), ("b", changed))
    )  # fmt: skip
    for name, tensor in first.network.state_dict().items():
        torch.testing.assert_close(tensor, second.network.state_dict()[name], rtol=0, atol=0)
    np.testing.assert_array_equal(first.drivers.mean, second.drivers.mean)
    card = first.card
    assert (card.id, card.fold) == ("tcn-tiny-spatial-f1-set-dilations-1-3-hidden-4", 1)
    assert card.sites["test"] == list(split.test_sites)
    scored = {row["n"] for row in card.scores if row["target"] == "Yield"}
    assert scored == {len(split.test_sites) * 2 * len(split.test)}
    assert first.card.scores != second.card.scores


def test_the_official_spatial_protocol_trains_on_all_years(tmp_path: Path) -> None:
    ds = tiny(5, 1, 4)
    split = splits.make(ds, "official", "spatial", 0)
    recipe = recipes.recipe("lstm", config={"hidden": 4}, max_epochs=1, loss_years=1, batch=8, preset="official")
    path = supervised.train(
        ds, split, recipe, SOURCE, out=tmp_path, work=tmp_path / "w", protocol="official", experiment="spatial"
    )
    card = cards.read(path)
    assert card.split["train"] == card.split["test"] == [2000, 2001, 2002, 2003]
    assert (card.preset, card.config["layers"]) == ("official", 3)


def test_a_file_is_no_folder_to_work_in(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("")
    with pytest.raises(ModelError, match="w cannot be used"), locks.alone(tmp_path / "w"):
        pass
