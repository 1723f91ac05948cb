"""Training windows that start on any day of a year, and not on 1 January."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from agroflux import schema
from agroflux.baselines import card as cards
from agroflux.data.splits import Split
from agroflux.training import batches, recipes, supervised
from tests.synthetic_contract import tiny

SPLIT = Split((2000, 2001, 2002, 2003), (2004,), (2005,), (2000, 2001, 2002, 2003))
MANAGEMENT = [k for k, name in enumerate(schema.DRIVERS) if schema.get(name).module == "Management"]


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return tiny(3, 2, 6)


@pytest.fixture(scope="module")
def arrays(data: xr.Dataset) -> batches.Arrays:
    return batches.load(data, SPLIT.scaler, range(2000, 2006))[0]


def moved(arrays: batches.Arrays, years: range, seed: int = 0) -> tuple[batches.Windows, batches.Windows]:
    """All windows of two years within ``years``, and the same ones moved."""
    every = batches.cut(arrays, years, 2)
    return every, batches.move(every, set(every.index[:, 2].tolist()), (seed,))


def test_windows_start_on_any_day_and_stay_within_the_years(arrays: batches.Arrays) -> None:
    every, other = moved(arrays, range(2000, 2004))
    assert not every.index[:, 3].any()
    assert (other.index[:, :3] == every.index[:, :3]).all()
    last = every.index[:, 2] == 2002
    assert not other.index[last, 3].any()  # it ends with the last year that may be seen
    days = other.index[~last, 3]
    assert days.max() < 365
    assert len(set(days.tolist())) > 8
    assert (moved(arrays, range(2000, 2004))[1].index == other.index).all()
    assert (moved(arrays, range(2000, 2004), seed=1)[1].index != other.index).any()


def test_years_that_are_missing_between_are_not_entered(arrays: batches.Arrays) -> None:
    every = batches.cut(arrays, [2000, 2001, 2002, 2004, 2005], 2)
    other = batches.move(every, set(every.index[:, 2].tolist()), (0,))
    assert set(other.index[other.index[:, 3] > 0, 2].tolist()) == {2000}


def test_a_moved_window_holds_the_days_from_its_first_one_on(arrays: batches.Arrays) -> None:
    _, other = moved(arrays, range(2000, 2004))
    x, y = batches.Batches(arrays, other, len(other))[0]
    for b, (site, scenario, year, day) in enumerate(other.index.tolist()):
        start = arrays.years[year].start + day
        days = slice(start, start + 730)
        np.testing.assert_array_equal(x[b, :, 0], arrays.drivers.views[0][site, scenario, days])
        np.testing.assert_array_equal(y[b], arrays.targets[site, scenario, days])


def test_management_is_hidden_by_calendar_years(arrays: batches.Arrays) -> None:
    _, other = moved(arrays, range(2000, 2004))
    hidden = batches.hide(other, 0.5, (1,))
    assert hidden.shape == (len(other), 3)
    x, _ = batches.Batches(arrays, other, len(other), hidden=hidden)[0]
    gone = torch.isnan(x[..., MANAGEMENT]).all(-1).numpy()
    for b, day in enumerate(other.index[:, 3].tolist()):
        want = np.repeat(hidden[b], 365)[day : day + 730]
        np.testing.assert_array_equal(gone[b], want)


def test_a_training_moves_its_windows_where_the_recipe_says_so(
    data: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days: list[set[int]] = []

    plain = batches.Batches

    def seen_by(arrays: batches.Arrays, chosen: batches.Windows, *rest: Any) -> batches.Batches:
        days.append(set(chosen.index[:, 3].tolist()))
        return plain(arrays, chosen, *rest)

    monkeypatch.setattr(batches, "Batches", seen_by)
    source = supervised.Source("tiny-full", "0" * 64, "agroflux train --data tiny-full")
    small = {"hidden": 8, "heads": 2, "layers": 1, "feed": 8, "context": 0, "channels": 1}
    for name, any_day in (("itransformer", True), ("tcn", False)):
        days.clear()
        config = small if name == "itransformer" else {"hidden": 4}
        recipe = recipes.recipe(name, config=config, max_epochs=2, loss_years=1, batch=8)
        path = supervised.train(data, SPLIT, recipe, source, out=tmp_path / "models", work=tmp_path / name)
        validation = [seen for seen in days if seen == {0}]
        assert (len(days) > len(validation) > 0) == any_day, name
        assert len([seen for seen in days if len(seen) > 3]) == (2 if any_day else 0), name
        assert cards.read(path).training["any_day"] == any_day
