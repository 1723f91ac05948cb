"""What fine-tuning follows: rates of the parts, an order for each epoch, scaler and reference of the training years."""

import copy

import numpy as np
import pytest
import torch

from agroflux.baselines.checkpoint import Checkpoint
from agroflux.evaluation import metrics
from agroflux.training import adaptation, finetune, site_years, transfer
from agroflux.training.adaptation import Budget
from agroflux.training.finetune import Finetune
from agroflux.training.folds import Fold
from agroflux.training.site_years import SiteYears
from agroflux.training.transfer import Adapted, Origin, Run
from tests.training.steps import noted
from tests.training.test_finetune import FEW, ROWS, TRAIN, VALIDATE, adapt

FOLD = Fold("chosen", "US-Tw3", (("US-Tw3", 2014),), (("US-Tw3", 2015),), (("US-Tw3", 2016),))


def test_each_part_learns_at_its_own_rate_along_the_schedule(small: Checkpoint, towers: SiteYears) -> None:
    with noted() as steps:
        adapt(small, towers, Finetune(learning_rate=5.0, decay=0.25), budget=Budget(epochs=10, every=1))
    assert [part / head for head, part in (step.rates for step in steps)] == pytest.approx([0.25] * 10)
    assert [step.rates[0] / 5.0 for step in steps] == pytest.approx([adaptation._shape(k / 10) for k in range(10)])
    assert [adaptation._shape(share) for share in (0.0, 0.5, 1.0)] == pytest.approx([0.2, 0.51, 0.02], abs=1e-3)
    assert max(step.norm for step in steps) == pytest.approx(1.0, abs=1e-3), "a longer gradient is cut"


def test_an_epoch_takes_each_window_once_in_an_order_of_its_own(small: Checkpoint, towers: SiteYears) -> None:
    train = towers.take([("US-Tw3", year) for year in (2013, 2014, 2015, 2017)] + [("US-AR1", 2010)])
    first = {float(part.sum()): k for k, part in enumerate(adaptation.batch(train, small.targets).drivers)}
    assert len(first) == 5

    def watched(seed: int) -> tuple[list[list[list[int]]], list[float]]:
        network = copy.deepcopy(small.network).requires_grad_(True)
        plan, steps, drawn = finetune.finetune(Finetune(), network), [], []
        real = plan.objective

        def objective(part: adaptation.Batch, share: float) -> torch.Tensor:
            assert network.training
            steps.append([first[float(one.sum())] for one in part.drivers])
            drawn.append(torch.rand(1).item())
            return real(part, share)

        plan.objective = objective
        budget = Budget(epochs=6, every=1, batch=2)
        adaptation.fit(plan, train, towers.take(VALIDATE), small.targets, budget, seed)
        return [steps[k : k + 3] for k in range(0, 18, 3)], drawn[::3]

    epochs, drawn = watched(3)
    assert [[len(step) for step in epoch] for epoch in epochs] == [[2, 2, 1]] * 6
    orders = [[row for step in epoch for row in step] for epoch in epochs]
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    assert len({tuple(order) for order in orders}) > 3
    assert len(set(drawn)) == 6, "what is dropped differs from epoch to epoch"
    assert watched(3) == (epochs, drawn)
    assert watched(4)[0] != epochs


def test_a_card_compares_with_the_climatology_of_the_training_years(small: Checkpoint, towers: SiteYears) -> None:
    run, origin = Run("finetune", ("NEE", "GPP"), FOLD), Origin("towers-sample", "0", {}, "none")
    card = transfer.finished(small, Adapted(small.network, small.targets, None), run, towers, origin).card
    train, test = towers.take(FOLD.train), towers.take(FOLD.test)
    for name, column in zip(("NEE", "GPP"), ROWS, strict=True):
        mean = np.broadcast_to(site_years.climatology(train)[:, column], (1, 365))
        want = metrics.score(test.targets[..., column], mean)
        ours, theirs = (
            next(row for row in card.scores if (row["model"], row["target"]) == (model, name))
            for model in (card.id, "climatology")
        )
        assert (theirs["n"], theirs["rmse"]) == (want["n"], pytest.approx(want["rmse"]))
        assert (name in card.below_climatology) == (ours["rmse"] >= theirs["rmse"])


def test_targets_are_scaled_by_the_years_that_train(small: Checkpoint, towers: SiteYears) -> None:
    found = adapt(small, towers, Finetune(), budget=FEW).targets
    for row in ROWS:
        assert found.mean[row] == pytest.approx(float(np.nanmean(towers.take(TRAIN).targets[..., row])), rel=1e-4)
