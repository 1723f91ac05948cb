"""Adversarial adaptation: the sign of the reversal by hand, who minimises the domain loss and who opposes it."""

import copy
import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from agroflux import schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data import catalog
from agroflux.errors import DataError, SelectionError
from agroflux.training import adaptation, adversarial, finetune, transfer
from agroflux.training.adaptation import Budget
from agroflux.training.adversarial import Adversarial, Pooled
from agroflux.training.site_years import SiteYears
from tests.synthetic_contract import tiny
from tests.training.test_finetune import TRAIN


@pytest.fixture(scope="module")
def source(shipped: Checkpoint) -> SiteYears:
    return adversarial.simulated(tiny(3, 2, 4), shipped, count=8, seed=1)


def test_the_reversal_turns_the_gradient() -> None:
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    y = adversarial.reverse(x, 0.25)
    assert y.tolist() == [1.0, -2.0]
    (y * torch.tensor([4.0, 8.0])).sum().backward()  # d/dx is (4, 8); turned and times 1/4
    assert x.grad is not None and x.grad.tolist() == [-1.0, -2.0]


def test_the_ramp_is_that_of_the_paper() -> None:
    assert adversarial.ramp(0.0) == 0.0
    assert adversarial.ramp(0.5) == pytest.approx(2 / (1 + np.exp(-5)) - 1)
    assert adversarial.ramp(1.0) == pytest.approx(0.99991, abs=1e-5)


def _domain() -> tuple[nn.Module, nn.Module, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return nn.Linear(3, 4), nn.Linear(4, 1), torch.randn(6, 3), torch.randn(6, 3) + 1.0


@pytest.mark.parametrize("who", ["encoder", "discriminator"])
def test_the_discriminator_minimises_what_the_encoder_opposes(who: str) -> None:
    encoder, discriminator, simulated, measured = _domain()

    def value() -> torch.Tensor:
        return adversarial.domain_loss(discriminator, encoder(simulated), encoder(measured), 0.5)

    before = value()
    before.backward()
    with torch.no_grad():
        for parameter in {"encoder": encoder, "discriminator": discriminator}[who].parameters():
            assert parameter.grad is not None
            parameter -= 0.1 * parameter.grad
    assert bool(value() > before) == (who == "encoder")


def test_the_domain_loss_is_the_cross_entropy_of_both_halves() -> None:
    encoder, discriminator, simulated, measured = _domain()
    found = adversarial.domain_loss(discriminator, encoder(simulated), encoder(measured), 0.5)
    p = [torch.sigmoid(discriminator(encoder(part))) for part in (simulated, measured)]
    want = -(torch.log(1 - p[0]).mean() + torch.log(p[1]).mean()) / 2
    assert found.item() == pytest.approx(want.item(), rel=1e-5)


def test_source_windows_are_those_of_the_models_training_years(shipped: Checkpoint, source: SiteYears) -> None:
    assert (source.drivers.shape, source.targets.shape) == ((8, 730, 11), (8, 365, 20))
    assert source.known.all() and np.isfinite(source.drivers).all()
    assert {year for _, year in source.keys} <= set(shipped.card.split["train"])
    assert np.isfinite(source.targets[:, -1]).all()  # annual targets stand on the last day
    again = adversarial.simulated(tiny(3, 2, 4), shipped, count=8, seed=1)
    np.testing.assert_array_equal(again.drivers, source.drivers)
    bundled = catalog.open_dataset("cornbelt-century").isel(site=slice(0, 2))
    assert {year for _, year in adversarial.simulated(bundled, shipped, count=4).keys} == {2014}
    with pytest.raises(SelectionError, match="two consecutive training years"):
        adversarial.simulated(tiny(2, 2, 4, first=2015), shipped)


def test_an_adapted_model_names_the_one_to_begin_with(shipped: Checkpoint) -> None:
    training = shipped.card.training | {"source_model": {"id": "lstm-first"}}
    adapted = dataclasses.replace(shipped, card=dataclasses.replace(shipped.card, training=training))
    with pytest.raises(SelectionError, match="begin with lstm-first instead"):
        adversarial.simulated(tiny(3, 2, 4), adapted, count=8)


@pytest.mark.parametrize("recipe", [Adversarial(), Pooled()])
def test_simulated_windows_are_masked_like_the_measured_ones(
    small: Checkpoint, towers: SiteYears, source: SiteYears, recipe: Adversarial | Pooled
) -> None:
    measured = towers.take([("US-Tw3", 2014), ("US-Tw3", 2015)])
    assert not measured.known[..., 2:].any()
    wild = dataclasses.replace(source, drivers=np.where(np.arange(11) >= 2, np.float32(9), source.drivers))
    batch, values = adaptation.batch(measured, small.targets), []
    for windows in (source, wild):
        plan = adversarial.joint(recipe, small.network, windows, (small.targets, small.targets), 0)
        values.append(plan.objective(batch, 0.5).item())
    assert values[0] == values[1]


def test_the_source_keeps_speaking_for_targets_that_were_not_measured(
    small: Checkpoint, towers: SiteYears, source: SiteYears
) -> None:
    train, validate = towers.take([("US-Tw3", 2014)]), towers.take([("US-Tw3", 2016)])
    few = Budget(epochs=2, every=1)
    found = [
        transfer.adapt(small, recipe, train, validate, source=source, budget=few)
        for recipe in (Adversarial(), Pooled())
    ]
    row = 15  # N2O
    weights = [adapted.network.head.weight for adapted in found]
    assert not torch.equal(weights[0][row], small.network.head.weight[row])
    assert not torch.equal(weights[0], weights[1])  # the adversary has a say


@pytest.mark.parametrize("who", ["encoder", "discriminator"])
def test_in_a_run_too_the_encoder_opposes_the_discriminator(
    small: Checkpoint, towers: SiteYears, source: SiteYears, who: str
) -> None:
    measured = adaptation.batch(towers.take([("US-Tw3", 2014), ("US-Tw3", 2015)]), small.targets)
    silent = measured._replace(targets=torch.full_like(measured.targets, float("nan")))  # the adversary alone speaks
    network = copy.deepcopy(small.network)
    recipe = Adversarial(weight=1.0, source_weight=0.0)
    one = SiteYears(source.keys[:1], source.drivers[:1], source.known[:1], source.targets[:1])
    plan = adversarial.joint(recipe, network, one, (small.targets, small.targets), 0)
    before = plan.objective(silent, 1.0)
    before.backward()
    moved = plan.groups[-1]["params"] if who == "discriminator" else list(network.lstm.parameters())
    with torch.no_grad():
        for parameter in moved:
            assert parameter.grad is not None and parameter.grad.any()
            parameter -= 0.05 * parameter.grad
        assert bool(plan.objective(silent, 1.0) > before) == (who == "encoder")
    assert all(not p.grad.any() for p in network.head.parameters() if p.grad is not None)


def test_the_adversary_has_no_say_at_the_start(small: Checkpoint, towers: SiteYears, source: SiteYears) -> None:
    measured = adaptation.batch(towers.take([("US-Tw3", 2014)]), small.targets)
    silent = measured._replace(targets=torch.full_like(measured.targets, float("nan")))
    network = copy.deepcopy(small.network).requires_grad_(True)
    recipe = Adversarial(weight=1.0, source_weight=0.0)
    plan = adversarial.joint(recipe, network, source, (small.targets, small.targets), 0)
    plan.objective(silent, 0.0).backward()
    assert all(p.grad is None or not p.grad.any() for p in network.parameters())
    assert all(p.grad.any() for p in plan.groups[-1]["params"])


def test_errors_of_simulations_are_weighed_by_the_scale_of_the_source(
    small: Checkpoint, towers: SiteYears, source: SiteYears
) -> None:
    old, train = small.targets, towers.take(TRAIN)
    own = finetune.own_scaler(old, train)
    values = []
    for new in (old, own):
        measured = adaptation.batch(train, new)
        silent = measured._replace(targets=torch.full_like(measured.targets, float("nan")))
        network = finetune.moved_to(small.network, old, new)
        plan = adversarial.joint(Pooled(source_weight=1.0), network, source, (old, new), 0)
        values.append(plan.objective(silent, 0.5).item())
    assert values[1] == pytest.approx(values[0], rel=1e-4)


def test_simulated_targets_are_of_the_scenario_of_their_drivers(shipped: Checkpoint) -> None:
    ds = tiny(3, 3, 4)
    number = np.arange(3.0)[None, :, None] + 10 * np.arange(3.0)[:, None, None] + np.zeros(ds["GPP"].shape)
    for name in ("GPP", "FERTZR_N"):
        ds[name] = ds[name].copy(data=number)
    found = adversarial.simulated(ds, shipped, count=12)
    given = shipped.drivers.unscale(found.drivers)[:, 365:, schema.DRIVERS.index("FERTZR_N")]
    np.testing.assert_allclose(found.targets[..., schema.TARGETS.index("GPP")], given, atol=1e-3)


def test_the_pooled_embedding_is_the_mean_of_the_counted_days(small: Checkpoint, towers: SiteYears) -> None:
    part = adaptation.batch(towers.take(TRAIN), small.targets)
    days, mean = adversarial.pooled_embedding(small.network, part.drivers, part.known)
    want = small.network.embed(part.drivers, part.known)[:, 365:]
    torch.testing.assert_close(days, want)
    torch.testing.assert_close(mean, want.mean(1))


def test_a_source_with_leap_days_is_refused(shipped: Checkpoint) -> None:
    ds = tiny(3, 2, 4)
    every = pd.date_range(*ds["time"].to_numpy()[[0, -1]])
    leap = ds.reindex(time=every, method="ffill").assign_attrs(calendar="standard")
    with pytest.raises(DataError, match="years of 366 days, and models count 365"):
        adversarial.simulated(leap, shipped, count=2)
