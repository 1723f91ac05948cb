"""Recipes without a source: from scratch, fine-tuning of all or some layers, and no training at all.

Discriminative learning rates and gradual unfreezing follow Howard & Ruder (2018, arXiv 1801.06146, sections 3.2
and 3.3): the head learns fastest, each part before it ``decay`` times slower, and parts thaw from the head down.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import nn

from agroflux.baselines import registry
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data.scaling import Moments, Scaler
from agroflux.errors import ModelError
from agroflux.training.adaptation import Batch, Plan, masked_loss
from agroflux.training.site_years import SiteYears

Layers = Literal["all", "head", "gradual"]


@dataclass(frozen=True)
class ZeroShot:
    """The source model as it is: a control."""


@dataclass(frozen=True)
class Scratch:
    """New weights of the same architecture, trained on the target's site-years alone: the reference of the gain.

    ``rescale``: standardise the adapted targets by the training site-years, not by the source's simulations.
    """

    learning_rate: float = 5e-3
    rescale: bool = True


@dataclass(frozen=True)
class Finetune:
    """The source's weights, trained on.

    Attributes:
        layers: ``all`` parts, the ``head`` only, or ``gradual``: parts thaw one by one from the head down.
        learning_rate: of the head.
        decay: factor on the rate of each part before it.
        thawed: share of the budget after which ``gradual`` has thawed every part.
        rescale: standardise the adapted targets by the training site-years; the head is changed with it, so that
            predictions start as the source's.
    """

    layers: Layers = "all"
    learning_rate: float = 5e-3
    decay: float = 0.5
    thawed: float = 0.5
    rescale: bool = True

    def __post_init__(self) -> None:
        if self.layers not in ("all", "head", "gradual"):
            raise ModelError(f"unknown layers {self.layers!r}: use all, head or gradual")


def scratch(recipe: Scratch, checkpoint: Checkpoint, seed: int) -> Plan:
    """A new network drawn from ``seed`` (the caller's random state is left as it was)."""
    return anew(checkpoint, seed, recipe.learning_rate)


def anew(checkpoint: Checkpoint, seed: int, learning_rate: float, more_drivers: int = 0) -> Plan:
    """A network of the checkpoint's kind with new weights and, if asked for, more drivers than it has."""
    card = checkpoint.card
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = registry.build(card.model, len(card.drivers) + more_drivers, len(card.targets), **card.config)
    return Plan(network, [{"params": list(network.parameters()), "lr": learning_rate}], supervised(network))


def finetune(recipe: Finetune, network: nn.Module) -> Plan:
    """Groups by part and the thawing of ``recipe`` for ``network``, whose weights are changed in place."""
    names = parts(network)
    groups = [
        {"params": list(getattr(network, name).parameters()), "lr": recipe.learning_rate * recipe.decay**depth}
        for depth, name in enumerate(reversed(names))
    ]
    if recipe.layers == "head":
        groups = groups[:1]
    whole = recipe.thawed if recipe.layers == "gradual" else 0.0
    plan = Plan(network, groups, supervised(network), thawing(recipe, network), whole)
    plan.advance(0.0)
    return plan


def parts(network: nn.Module) -> tuple[str, ...]:
    """Names of the network's parts, input to output."""
    return tuple(str(name) for name in network.module_parts)  # type: ignore[union-attr]


def linear_head(network: nn.Module) -> nn.Linear:
    """The layer that makes targets of the embedding; every baseline's is linear (ModelError otherwise)."""
    head = network.head
    if not isinstance(head, nn.Linear):
        raise ModelError("the head of this network is not linear: transfer needs one row of weights a target")
    return head


def thawing(recipe: Finetune, network: nn.Module) -> Callable[[float], None]:
    """A callback that, at a share of the budget, lets exactly the parts learn that ``recipe`` has thawed by then."""
    names = parts(network)

    def awake(share: float) -> int:
        if recipe.layers == "head":
            return 1
        if recipe.layers == "all" or share >= recipe.thawed:
            return len(names)
        return 1 + int(share / recipe.thawed * (len(names) - 1) + 1e-9)

    def advance(share: float) -> None:
        for depth, name in enumerate(reversed(names)):
            getattr(network, name).requires_grad_(depth < awake(share))

    return advance


def supervised(network: nn.Module) -> Callable[[Batch, float], torch.Tensor]:
    """The masked loss of ``network`` on measured targets."""

    def objective(batch: Batch, share: float) -> torch.Tensor:
        return masked_loss(network(batch.drivers, batch.known), batch.targets)

    return objective


def own_scaler(source: Scaler, train: SiteYears) -> Scaler:
    """``source`` with mean and scale of the targets that ``train`` holds taken from it; the others stay."""
    mean, std = source.mean.copy(), source.std.copy()
    for k, name in enumerate(source.names):
        values = train.targets[..., k]
        if np.isfinite(values).any():
            moments = Moments((name,))
            moments.update(0, values)
            fitted = moments.scaler()
            mean[k], std[k] = fitted.mean[0], fitted.std[0]
    return Scaler(source.names, mean, std)


def moved_to(network: nn.Module, old: Scaler, new: Scaler) -> nn.Module:
    """A copy of ``network`` whose head speaks ``new`` z-scores; predictions in physical units stay the same.

    Row k of the head: z_new = (z_old std_old + mean_old - mean_new) / std_new. Rows whose scale stays are untouched.
    """
    moved = copy.deepcopy(network).requires_grad_(True)
    head = linear_head(moved)
    ratio = torch.from_numpy(old.std / new.std)
    with torch.no_grad():
        head.weight *= ratio[:, None]
        head.bias.copy_(head.bias * ratio + torch.from_numpy((old.mean - new.mean) / new.std))
    return moved
