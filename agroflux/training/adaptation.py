"""The loop that every recipe shares: few windows, masked loss, best epoch by a validation year, a budget."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from agroflux.data.scaling import Scaler
from agroflux.errors import ModelError
from agroflux.training import dropping, loss
from agroflux.training.site_years import YEAR_DAYS, Floats, SiteYears

#: Windows that run at once when no gradient is needed.
_EVALUATED = 16


@dataclass(frozen=True)
class Budget:
    """When a run ends: after ``epochs``, after ``seconds``, or when it waited long enough for a better epoch.

    That is ``patience`` epochs, and ``patience_share`` of the budget [1]: the learning rate rises and falls over the
    whole of it, so that a larger budget has to wait longer for what its later part would bring. The share counts
    from where the whole network learns, be it that layers thaw on the way.

    A run that the clock ends is not repeatable to the last bit; one that epochs end is. ``batch`` are windows a
    step, ``every`` the epochs between two validations.
    """

    epochs: int = 120
    seconds: float | None = None
    patience: int = 40
    patience_share: float = 1 / 3
    batch: int = 8
    every: int = 4

    def __post_init__(self) -> None:
        if min(self.epochs, self.patience, self.batch, self.every) < 1 or (self.seconds or 1.0) <= 0:
            raise ModelError("epochs, patience, batch, every and seconds must be positive")


@dataclass(frozen=True)
class Progress:
    """Where a run stands: epochs done, share of the budget [1], seconds, and losses of standardised targets."""

    epoch: int
    share: float
    seconds: float
    train_loss: float
    validation_loss: float


class Batch(NamedTuple):
    """Standardised drivers, their mask and standardised targets, ``(batch, days, ...)``; targets lack the history."""

    drivers: Tensor
    known: Tensor
    targets: Tensor


Objective = Callable[[Batch, float], Tensor]


@dataclass
class Plan:
    """What a recipe gives the loop.

    Attributes:
        network: starts as it is; ends with the weights of the best epoch.
        groups: parameter groups of the optimiser, each with its learning rate.
        objective: loss of a batch at a share of the budget.
        advance: called with the share before each epoch: the place to unfreeze layers.
        whole: share of the budget from which all that is to learn does: no patience ends a run that still waits for it.
    """

    network: nn.Module
    groups: list[dict[str, Any]]
    objective: Objective
    advance: Callable[[float], None] = lambda share: None
    whole: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How a run went. ``best_epoch`` 0 means that no epoch beat the start; ``stopped`` says what ended it."""

    epochs: int
    best_epoch: int
    validation_loss: float
    seconds: float
    stopped: str
    curve: list[Progress] = field(default_factory=list)


def batch(site_years: SiteYears, targets: Scaler, rows: slice | np.ndarray = slice(None)) -> Batch:
    """Tensors of windows; targets standardised with ``targets``."""
    parts = (site_years.drivers[rows], site_years.known[rows], targets.scale(site_years.targets[rows]))
    return Batch(*(torch.from_numpy(np.ascontiguousarray(part)) for part in parts))


def masked_loss(predicted: Tensor, observed: Tensor) -> Tensor:
    """Mean squared error of each target over its own values, then over targets that have any.

    Args:
        predicted: ``(batch, history + days, target)``; the history counts for nothing.
        observed: ``(batch, days, target)``; NaN is no value and passes no gradient.
    """
    weights = torch.ones(observed.shape[2])
    return loss.weighted_mean(*loss.squared_errors(predicted[:, -observed.shape[1] :], observed), weights)


@contextmanager
def one_thread() -> Iterator[None]:
    """One of torch's threads: a handful of series keep no second one busy, and two wait for each other every day."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def predict(network: nn.Module, targets: Scaler, site_years: SiteYears) -> Floats:
    """Targets ``(window, 365, target)`` of ``site_years`` in physical units, all 20 of them, on every day."""
    network.eval()
    found = []
    with torch.inference_mode(), one_thread():
        for start in range(0, len(site_years), _EVALUATED):
            part = batch(site_years, targets, slice(start, start + _EVALUATED))
            found.append(network(part.drivers, part.known)[:, -YEAR_DAYS:].numpy())
    return targets.unscale(np.concatenate(found))


@one_thread()
def fit(
    plan: Plan,
    train: SiteYears,
    validate: SiteYears,
    targets: Scaler,
    budget: Budget,
    seed: int,
    *,
    report: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Outcome:
    """Train ``plan.network`` on ``train`` and leave it with the weights that were best on ``validate``.

    The start itself is a candidate. The learning rate rises over the first twentieth of the budget and falls along
    a cosine. No weight decay: it would move rows of the head that no measured target speaks for.

    Raises ModelError where train or validation hold no value, or the loss is not finite.
    """
    for name, part in (("training", train), ("validation", validate)):
        if not np.isfinite(part.targets).any():
            raise ModelError(f"the {name} site-years hold no measured value of the target: choose others")
    started, rng = time.monotonic(), np.random.default_rng(seed)
    optimiser = torch.optim.Adam(plan.groups)
    rates = [group["lr"] for group in optimiser.param_groups]
    data, held = batch(train, targets), batch(validate, targets)
    best, best_epoch, kept = _validation(plan.network, held), 0, copy.deepcopy(plan.network.state_dict())
    best_share = 0.0
    curve: list[Progress] = []
    stopped, epoch, share = "epochs", 0, 0.0
    for epoch in range(1, budget.epochs + 1):
        plan.advance(share)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * _shape(share)
        with torch.random.fork_rng():  # the caller's random state is left as it was
            dropping.seed(seed, epoch)
            train_loss = _epoch(plan, optimiser, data, rng.permutation(len(train)), budget.batch, share)
        share = (
            (epoch / budget.epochs)
            if budget.seconds is None
            else max(epoch / budget.epochs, (time.monotonic() - started) / budget.seconds)
        )
        over = share >= 1.0
        looked = epoch % budget.every == 0 or over
        if looked:
            value = _validation(plan.network, held)
            if value < best:
                best, best_epoch, best_share = value, epoch, share
                kept = copy.deepcopy(plan.network.state_dict())
            curve.append(Progress(epoch, min(share, 1.0), time.monotonic() - started, train_loss, value))
            if report is not None:
                report(curve[-1])
        if cancelled is not None and cancelled():
            stopped = "cancelled"
            break
        if over:
            stopped = "epochs" if epoch == budget.epochs else "seconds"
            break
        idle = share - max(best_share, plan.whole)
        waited = epoch - best_epoch >= budget.patience and idle >= budget.patience_share - 1e-9
        if looked and waited:  # no patience ends what nobody has looked at
            stopped = "patience"
            break
    plan.network.load_state_dict(kept)
    plan.network.eval().requires_grad_(False)
    return Outcome(epoch, best_epoch, best, time.monotonic() - started, stopped, curve)


def _shape(share: float) -> float:
    """Learning rate relative to its peak at a share of the budget."""
    return min(1.0, (share + 0.01) / 0.05) * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share))))


def _epoch(
    plan: Plan, optimiser: torch.optim.Optimizer, data: Batch, order: np.ndarray, size: int, share: float
) -> float:
    """One pass over the windows; the mean loss of its steps."""
    plan.network.train()
    values = []
    for start in range(0, len(order), size):
        rows = torch.from_numpy(order[start : start + size])
        optimiser.zero_grad(set_to_none=True)
        value = plan.objective(Batch(*(part[rows] for part in data)), share)
        if not torch.isfinite(value):
            raise ModelError("the loss is no longer finite: lower the learning rate")
        value.backward()
        nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 1.0)
        optimiser.step()
        values.append(float(value.detach()))
    return float(np.mean(values))


def _validation(network: nn.Module, held: Batch) -> float:
    network.eval()
    with torch.inference_mode():
        found = [
            network(x, known)
            for x, known in zip(held.drivers.split(_EVALUATED), held.known.split(_EVALUATED), strict=True)
        ]
        return float(masked_loss(torch.cat(found), held.targets))
