"""What a fit follows: its recipe's weights and seed, its own counties and years for each use, and the best epoch."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from agroflux import schema
from agroflux.baselines import card as cards
from agroflux.baselines import checkpoint
from agroflux.data import splits
from agroflux.training import batches, fitting, loss, recipes, supervised
from tests.synthetic_contract import tiny
from tests.training.steps import noted
from tests.training.test_fitting import RECIPE, train


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return tiny(3, 3, 6)


def test_the_weights_are_those_of_the_best_epoch(data: xr.Dataset, tmp_path: Path) -> None:
    path = train(data, tmp_path, dataclasses.replace(RECIPE, patience=1, learning_rate=3.0, max_epochs=9))
    told = cards.read(path).training
    losses = [json.loads(line)["val_loss"] for line in (tmp_path / "work" / "progress.jsonl").read_text().splitlines()]
    assert told["best_epoch"] == int(np.argmin(losses)) < told["epochs"] - 1
    assert told["validation_loss"] == pytest.approx(min(losses), abs=1e-5)
    state = torch.load(tmp_path / "work" / "best.ckpt", weights_only=True)["state_dict"]
    for name, weight in checkpoint.load(path).network.state_dict().items():
        torch.testing.assert_close(weight, state[f"averaged.module.{name}"], rtol=0, atol=0)


def test_no_step_is_taken_along_a_gradient_longer_than_one(data: xr.Dataset, tmp_path: Path) -> None:
    with noted() as steps:
        train(data, tmp_path, dataclasses.replace(RECIPE, learning_rate=100.0))
    assert len(steps) == 9
    assert max(step.norm for step in steps) == pytest.approx(1.0, abs=1e-3), "some were longer"


def test_the_rate_moves_at_each_step(data: xr.Dataset, tmp_path: Path) -> None:
    with noted() as steps:
        train(data, tmp_path, RECIPE)
    falls = [0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * k / 9)) for k in range(9)]
    assert [step.rates for step in steps] == [
        [pytest.approx(RECIPE.learning_rate * (k + 1) / 50 * fall)] for k, fall in enumerate(falls)
    ]


def test_the_clock_ends_the_schedule_of_a_run_that_has_less_time_than_steps(data: xr.Dataset, tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, max_minutes=0.06, max_epochs=100_000, patience=100_000)
    with noted() as steps:
        train(data, tmp_path, recipe)
    assert len(steps) < 100_000
    assert steps[-1].rates[0] < 0.2 * recipe.learning_rate, "by its steps the run had hardly begun"


def test_targets_weigh_as_the_recipe_says(data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, used = loss.weighted_mean, []

    def watched(squares: torch.Tensor, count: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        used.append(weights.tolist())
        return real(squares, count, weights)

    monkeypatch.setattr(loss, "weighted_mean", watched)
    train(data, tmp_path, dataclasses.replace(RECIPE, max_epochs=1, weights={"GPP": 3.0}))
    assert len(used) == 4  # three steps and a validation
    assert {tuple(weights) for weights in used} == {tuple(3.0 if name == "GPP" else 1.0 for name in schema.TARGETS)}


def test_a_seed_draws_the_first_weights(data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class BuiltError(Exception):
        pass

    def stop(network: nn.Module, *_: Any) -> None:
        raise BuiltError(network)

    monkeypatch.setattr(fitting, "Supervised", stop)
    found = []
    for number, seed in enumerate((0, 0, 1)):
        torch.manual_seed(number)
        with pytest.raises(BuiltError) as built:
            train(data, tmp_path / str(number), dataclasses.replace(RECIPE, seed=seed))
        found.append(built.value.args[0].head.weight)
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])


def test_each_epoch_hides_and_moves_anew_and_validation_hides_the_same(
    data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: dict[str, list[tuple[int, ...]]] = {"hide": [], "move": []}
    for name, seen in keys.items():
        real = getattr(batches, name)

        def watched(*args: Any, real: Any = real, seen: list[tuple[int, ...]] = seen) -> Any:
            seen.append(args[-1])
            return real(*args)

        monkeypatch.setattr(batches, name, watched)
    train(data, tmp_path, dataclasses.replace(RECIPE, unknown_management=0.5, any_day=True))
    assert len(set(keys["move"])) == len(keys["move"]) == 3
    training = [key for key in keys["hide"] if key != (0, 2)]
    assert len(set(training)) == len(training) == 3
    assert (0, 2) in keys["hide"] and not set(training) & set(keys["move"])


def test_each_use_takes_its_own_counties_and_years(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = tiny(6, 2, 6)
    split = splits.make(ds, "clean", "spatial", 1)
    seen: list[batches.Windows] = []
    monkeypatch.setattr(fitting, "fit", lambda arrays, train, validation, *_, **__: seen.extend((train, validation)))
    recipe = recipes.recipe("lstm", loss_years=1)
    _, read = supervised.fit(ds, split, recipe, "0", work=tmp_path)
    used = splits.pick(ds, sorted({*split.train_sites, *split.validate_sites, *split.scaler_sites}))
    names = used["site"].values.astype(str)
    trained, validated = (set(names[one.index[:, 0]]) for one in seen)
    assert trained == set(split.train_sites) != validated == set(split.validate_sites)
    starts = set(seen[0].index[:, 2].tolist())
    assert {year + k for year in starts for k in range(2)} == set(split.train)
    own = ds.sel(site=list(split.scaler_sites)), split.scaler, split.scaler
    _, x, y = batches.load(*own)
    np.testing.assert_allclose(read.x_scaler.mean, x.mean, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(read.y_scaler.std, y.std, rtol=1e-4)
