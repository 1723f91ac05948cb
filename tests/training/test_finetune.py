"""Recipes without a source: what they may change, what they must leave alone, and a gain on a real tower."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from agroflux import schema
from agroflux.baselines import registry
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data.scaling import Scaler
from agroflux.errors import ModelError
from agroflux.training import adaptation, finetune, transfer
from agroflux.training.adaptation import Budget, Progress
from agroflux.training.finetune import Finetune, Scratch
from agroflux.training.site_years import SiteYears
from agroflux.training.transfer import Adapted

FEW = Budget(epochs=3, every=1)
TRAIN, VALIDATE, TEST = (("US-Tw3", 2013), ("US-Tw3", 2014)), (("US-Tw3", 2016),), (("US-Tw3", 2015),)
ROWS = [schema.TARGETS.index(name) for name in ("CO2_FLUX", "GPP")]
OTHERS = [k for k in range(20) if k not in ROWS]


def adapt(checkpoint: Checkpoint, towers: SiteYears, recipe: transfer.Recipe, **more: object) -> Adapted:
    settings: dict = {"budget": FEW} | more
    return transfer.adapt(checkpoint, recipe, towers.take(TRAIN), towers.take(VALIDATE), **settings)


def changed(before: nn.Module, after: nn.Module) -> set[str]:
    old, new = before.state_dict(), after.state_dict()
    return {name for name in old if not torch.equal(old[name], new[name])}


def test_head_only_changes_the_head_only(small: Checkpoint, towers: SiteYears) -> None:
    head = adapt(small, towers, Finetune(layers="head"))
    every = adapt(small, towers, Finetune())
    assert head.outcome is not None and head.outcome.best_epoch > 0
    assert changed(small.network, head.network) == {"head.weight", "head.bias"}
    assert changed(small.network, every.network) == set(small.network.state_dict())


@pytest.mark.parametrize("rescale", [True, False])
def test_targets_that_were_not_measured_are_left_alone(small: Checkpoint, towers: SiteYears, rescale: bool) -> None:
    found = adapt(small, towers, Finetune(rescale=rescale))
    for old, new in zip(small.network.head.parameters(), found.network.head.parameters(), strict=True):
        assert torch.equal(old[OTHERS], new[OTHERS])
        assert not torch.equal(old[ROWS], new[ROWS])
    np.testing.assert_array_equal(small.targets.std[OTHERS], found.targets.std[OTHERS])
    assert np.array_equal(small.targets.std, found.targets.std) is not rescale


def test_parts_thaw_from_the_head_down() -> None:
    network = registry.build("transformer", hidden=8, layers=1, heads=2, feed=8, window=16)
    assert finetune.parts(network) == ("embedding", "encoder", "norm", "head")
    recipe = Finetune(layers="gradual", thawed=0.6)
    plan = finetune.finetune(recipe, network)
    seen = []
    for share in (0.0, 0.19, 0.2, 0.4, 0.6, 1.0):
        plan.advance(share)
        awake = {n for n in finetune.parts(network) if any(p.requires_grad for p in getattr(network, n).parameters())}
        seen.append(awake)
    norm, encoder = {"head", "norm"}, {"head", "norm", "encoder"}
    assert seen == [{"head"}, {"head"}, norm, encoder, encoder | {"embedding"}, encoder | {"embedding"}]
    assert [group["lr"] for group in plan.groups] == [recipe.learning_rate * 0.5**k for k in range(4)]


def test_a_frozen_part_does_not_move_before_it_thaws(small: Checkpoint, towers: SiteYears) -> None:
    late = adapt(small, towers, Finetune(layers="gradual", thawed=1.0))
    soon = adapt(small, towers, Finetune(layers="gradual", thawed=0.3))
    assert changed(small.network, late.network) == {"head.weight", "head.bias"}
    assert changed(small.network, soon.network) == set(small.network.state_dict())


def test_another_scale_of_targets_leaves_predictions_as_they_were(small: Checkpoint, towers: SiteYears) -> None:
    own = finetune.own_scaler(small.targets, towers.take(TRAIN))
    values = towers.take(TRAIN).targets[..., ROWS[1]]
    assert own.std[ROWS[1]] == pytest.approx(np.nanstd(values), rel=1e-4)
    moved = finetune.moved_to(small.network, small.targets, own)
    before, after = (
        adaptation.predict(network, scaler, towers.take(TEST))
        for network, scaler in ((small.network, small.targets), (moved, own))
    )
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4)


def test_missing_days_and_the_history_pass_no_gradient() -> None:
    predicted = torch.zeros(1, 4, 2, requires_grad=True)
    observed = torch.tensor([[[1.0, float("nan")], [float("nan"), float("nan")]]])
    adaptation.masked_loss(predicted, observed).backward()
    assert predicted.grad is not None
    assert predicted.grad.nonzero().tolist() == [[0, 2, 0]]


def test_unknown_drivers_do_not_reach_the_network(small: Checkpoint, towers: SiteYears) -> None:
    wild = dataclasses.replace(towers, drivers=np.where(towers.known, towers.drivers, np.float32(99.0)))
    same = [adaptation.predict(small.network, small.targets, part.take(TEST)) for part in (towers, wild)]
    np.testing.assert_array_equal(*same)


def test_the_same_seed_gives_the_same_weights(small: Checkpoint, towers: SiteYears) -> None:
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    first, again, other = (adapt(small, towers, Scratch(), seed=seed) for seed in (3, 3, 4))
    assert torch.equal(state, torch.random.get_rng_state())
    assert changed(first.network, again.network) == set()
    assert changed(first.network, other.network) == set(first.network.state_dict())


def test_the_best_validated_epoch_is_kept(small: Checkpoint, towers: SiteYears) -> None:
    seen: list[Progress] = []
    watch = {"report": seen.append, "cancelled": lambda: len(seen) == 2}  # its second epoch overshoots
    found = adapt(small, towers, Finetune(learning_rate=0.3), budget=Budget(epochs=8, every=1), **watch)
    assert found.outcome is not None and found.outcome.best_epoch == 1
    assert found.outcome.validation_loss == seen[0].validation_loss < seen[1].validation_loss
    held = adaptation.batch(towers.take(VALIDATE), found.targets)
    again = adaptation.masked_loss(found.network(held.drivers, held.known), held.targets)
    assert again.item() == pytest.approx(found.outcome.validation_loss, rel=1e-5)


def test_a_start_that_no_epoch_beats_is_kept(small: Checkpoint, towers: SiteYears) -> None:
    found = adapt(small, towers, Finetune(learning_rate=50.0, rescale=False))
    assert found.outcome is not None and found.outcome.best_epoch == 0
    assert changed(small.network, found.network) == set()


def test_a_run_reports_stops_on_the_clock_and_when_asked(small: Checkpoint, towers: SiteYears) -> None:
    seen: list[Progress] = []
    long = Budget(epochs=500, every=1)
    stop = adapt(small, towers, Finetune(), budget=long, report=seen.append, cancelled=lambda: len(seen) == 2)
    assert stop.outcome is not None
    assert (stop.outcome.stopped, stop.outcome.epochs, [p.epoch for p in seen]) == ("cancelled", 2, [1, 2])
    clock = adapt(small, towers, Finetune(), budget=Budget(epochs=500, seconds=0.3, every=1, patience=500))
    assert clock.outcome is not None
    assert clock.outcome.stopped == "seconds" and clock.outcome.curve[-1].share == 1.0
    idle = adapt(
        small, towers, Finetune(learning_rate=50.0), budget=Budget(epochs=50, every=1, patience=2, patience_share=0.0)
    )
    assert idle.outcome is not None and (idle.outcome.stopped, idle.outcome.epochs) == ("patience", 2)


def test_a_larger_budget_has_more_patience(small: Checkpoint, towers: SiteYears) -> None:
    """Else it would end in the part of its schedule that a small one has behind it, and learn less."""
    ended = []
    for epochs in (6, 12, 30):
        budget = Budget(epochs=epochs, every=1, patience=2)
        found = adapt(small, towers, Finetune(learning_rate=50.0), budget=budget)  # no epoch is better than the source
        assert found.outcome is not None and found.outcome.best_epoch == 0
        ended.append(found.outcome.epochs)
    assert ended == [2, 4, 10]


def test_no_patience_ends_gradual_unfreezing_before_all_layers_learn(small: Checkpoint, towers: SiteYears) -> None:
    """Else it would have trained the head alone, and be called gradual."""
    budget = Budget(epochs=12, every=1, patience=2)
    head, gradual = (
        adapt(small, towers, Finetune(layers=layers, learning_rate=50.0), budget=budget)  # no epoch beats the source
        for layers in ("head", "gradual")
    )
    assert head.outcome is not None and (head.outcome.stopped, head.outcome.epochs) == ("patience", 4)
    assert gradual.outcome is not None and (gradual.outcome.stopped, gradual.outcome.epochs) == ("patience", 10)


def test_patience_waits_for_a_look_at_the_validation_year(small: Checkpoint, towers: SiteYears) -> None:
    found = adapt(small, towers, Finetune(), budget=Budget(epochs=12, every=5, patience=2, patience_share=0.0))
    assert found.outcome is not None and found.outcome.curve[0].epoch == 5
    assert found.outcome.best_epoch >= 5


def test_what_cannot_be_trained_is_refused(small: Checkpoint, towers: SiteYears) -> None:
    empty = dataclasses.replace(towers, targets=np.full_like(towers.targets, np.nan))
    with pytest.raises(ModelError, match="training site-years hold no measured value"):
        adapt(small, empty, Finetune())
    with pytest.raises(ModelError, match="unknown recipe 'magic'"):
        transfer.recipe("magic")
    with pytest.raises(ModelError, match="unknown layers"):
        Finetune(layers="tail")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="trains on simulations too"):
        adapt(small, towers, transfer.Pooled())
    with pytest.raises(ModelError, match="positive"):
        Budget(epochs=0)


def test_every_baseline_can_be_adapted(shipped: Checkpoint, towers: SiteYears) -> None:
    for name in registry.names():
        config = {"pyraformer": {"hidden": 8, "narrow": 4, "heads": 2, "feed": 8}}.get(name, {})
        config |= {"hidden": 8, "heads": 2, "feed": 8, "layers": 1} if "former" in name else {"hidden": 8}
        network = registry.build(name, **config).requires_grad_(False)
        card = dataclasses.replace(shipped.card, model=name, config=registry.configuration(name, **config))
        found = adapt(dataclasses.replace(shipped, card=card, network=network), towers, Finetune(), budget=Budget(1))
        assert found.outcome is not None and found.outcome.epochs == 1, name
        assert {n.split(".")[0] for n, _ in found.network.named_parameters()} == set(finetune.parts(network)), name


def test_fine_tuning_on_a_real_tower_beats_the_source_on_days_it_never_saw(
    shipped: Checkpoint, towers: SiteYears
) -> None:
    before = transfer.scores(Adapted(shipped.network, shipped.targets, None), ("NEE", "GPP"), towers.take(TEST))
    tuned = adapt(shipped, towers, Finetune(), budget=Budget(epochs=16))
    after = transfer.scores(tuned, ("NEE", "GPP"), towers.take(TEST))
    for old, new in zip(before, after, strict=True):
        assert new["n"] == old["n"] > 200
        assert new["r2"] > old["r2"] + 0.2, new["target"]


def test_scalers_of_the_source_are_kept(small: Checkpoint, towers: SiteYears) -> None:
    found = adapt(small, towers, Finetune(rescale=False))
    assert isinstance(found.targets, Scaler) and found.targets is small.targets


def test_what_is_dropped_follows_from_the_seed(shipped: Checkpoint, towers: SiteYears) -> None:
    config = {"hidden": 8, "narrow": 4, "heads": 2, "feed": 8, "layers": 1, "dropout": 0.5}
    network = registry.build("pyraformer", **config).requires_grad_(False)
    card = dataclasses.replace(shipped.card, model="pyraformer", config=registry.configuration("pyraformer", **config))
    source, found = dataclasses.replace(shipped, card=card, network=network), []
    for state in (1, 2):
        torch.manual_seed(state)  # whatever was drawn before
        before = torch.random.get_rng_state()
        found.append(adapt(source, towers, Finetune(), budget=Budget(2, every=1)))
        assert torch.equal(before, torch.random.get_rng_state())
    assert changed(found[0].network, found[1].network) == set()
