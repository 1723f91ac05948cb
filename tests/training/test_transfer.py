"""Adapting by name: a target that no training day holds is no target that was adapted."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from agroflux import schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.errors import SelectionError
from agroflux.training import transfer
from agroflux.training.adaptation import Budget
from agroflux.training.folds import Fold
from agroflux.training.site_years import SiteYears
from agroflux.training.transfer import Origin, Run

FEW = Budget(epochs=1, every=1)
FOLD = Fold("chosen", "US-Tw3", (("US-Tw3", 2013), ("US-Tw3", 2014)), (("US-Tw3", 2016),), (("US-Tw3", 2017),))


def without(towers: SiteYears, *names: str) -> SiteYears:
    """``towers`` without a value of ``names`` in the site-years that train."""
    targets, rows = towers.targets.copy(), [towers.keys.index(key) for key in FOLD.train]
    for name in names:
        targets[rows, :, schema.TARGETS.index(name)] = np.nan
    return dataclasses.replace(towers, targets=targets)


@pytest.mark.parametrize("recipe", ["scratch", "finetune", "finetune-head"])
def test_a_target_that_no_training_day_holds_is_refused_by_name(
    small: Checkpoint, towers: SiteYears, tmp_path: Path, recipe: str
) -> None:
    run, origin = Run(recipe, ("NEE", "GPP"), FOLD, budget=FEW), Origin("towers-sample", "0", {}, "test")
    with pytest.raises(SelectionError, match="no site-year to train on holds a value of GPP: train on some that do"):
        transfer.adapt_and_save(small, without(towers, "GPP"), run, origin, tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(SelectionError, match="holds a value of NEE, GPP:"):
        transfer.adapt_and_save(small, without(towers, "GPP", "CO2_FLUX"), run, origin, tmp_path)
    alone = dataclasses.replace(run, targets=("NEE",))
    assert transfer.adapt_and_save(small, without(towers, "GPP"), alone, origin, tmp_path).exists()


def test_one_day_teaches_a_target(towers: SiteYears) -> None:
    train = without(towers, "GPP").take(FOLD.train)
    assert transfer.untaught(("NEE", "GPP"), train) == ("GPP",)
    train.targets[1, 200, schema.TARGETS.index("GPP")] = 3.0
    assert transfer.untaught(("NEE", "GPP"), train) == ()
