"""Recipes that see the source again: adversarial domain adaptation, and the same without its adversary.

DANN (Ganin et al. 2016, JMLR 17(59), section 4): a discriminator learns to tell simulated from measured sequences
by their embedding; the encoder receives its gradient with the sign turned, so that it learns to make them alike,
while the head learns the targets of both. The weight of that gradient rises as 2 / (1 + exp(-10 p)) - 1 with the
share p of the run (section 5.2.2).

Simulations know drivers that a tower does not measure. Source windows are therefore masked as the measured windows
of the same step are: else the discriminator would read the mask, and nothing would be learnt about weather or crops.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn
from torch.nn import functional

from agroflux import schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data import windows
from agroflux.data.scaling import Scaler
from agroflux.errors import DataError, SelectionError
from agroflux.training.adaptation import Batch, Plan, batch, masked_loss
from agroflux.training.finetune import Finetune, finetune, linear_head
from agroflux.training.site_years import YEAR_DAYS, SiteYears

_SITES = 12


@dataclass(frozen=True)
class Pooled:
    """The source's weights, trained on simulated and measured windows together: the control of ``Adversarial``.

    ``source_weight`` is that of the simulations' loss; the rest is as in ``Finetune`` of all layers.
    """

    learning_rate: float = 5e-3
    decay: float = 0.5
    source_weight: float = 0.3
    rescale: bool = True


@dataclass(frozen=True)
class Adversarial:
    """As ``Pooled``, with a domain discriminator of ``hidden`` units behind a gradient reversal.

    ``weight`` is the largest share of the reversed gradient, reached along the ramp.
    """

    learning_rate: float = 5e-3
    decay: float = 0.5
    source_weight: float = 0.3
    weight: float = 0.3
    hidden: int = 32
    rescale: bool = True


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: float) -> Tensor:
        """The input as it is."""
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient times ``-weight``."""
        return -ctx.weight * gradients[0], None


def reverse(x: Tensor, weight: float) -> Tensor:
    """``x`` itself, through which a gradient comes back times ``-weight``."""
    turned: Tensor = _Reversal.apply(x, weight)
    return turned


def ramp(share: float) -> float:
    """0 at the start of a run, towards 1 at its end."""
    return 2.0 / (1.0 + math.exp(-10.0 * share)) - 1.0


def pooled_embedding(network: nn.Module, drivers: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Embedding ``(batch, days, features)`` of the counted days, and its mean over them ``(batch, features)``."""
    embed: Callable[[Tensor, Tensor], Tensor] = network.embed  # type: ignore[assignment]
    days = embed(drivers, known)[:, -YEAR_DAYS:]
    return days, days.mean(dim=1)


def domain_loss(discriminator: nn.Module, simulated: Tensor, measured: Tensor, weight: float) -> Tensor:
    """Cross-entropy of telling pooled embeddings apart (simulated 0, measured 1), each domain counting half.

    The discriminator minimises it; what made the embeddings gets its gradient times ``-weight``.
    """
    halves = [
        functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))
        for logits, truth in ((discriminator(reverse(part, weight)), k) for k, part in enumerate((simulated, measured)))
    ]
    return (halves[0] + halves[1]) / 2


def joint(
    recipe: Adversarial | Pooled, network: nn.Module, source: SiteYears, scalers: tuple[Scaler, Scaler], seed: int
) -> Plan:
    """The plan of ``recipe`` for ``network``, whose weights are changed in place.

    Args:
        source: simulated windows from :func:`simulated`.
        scalers: targets' scaler of the source model and of this run. The simulations' errors are weighed in the
            former: fluxes of a quiet field would otherwise make the simulated ones huge.
    """
    old, new = scalers
    plan = finetune(Finetune(learning_rate=recipe.learning_rate, decay=recipe.decay), network)
    data, ratio = batch(source, new), torch.from_numpy(new.std / old.std)
    head = linear_head(network)
    rng = np.random.default_rng((seed, 1))
    discriminator = _discriminator(recipe, plan.network, seed) if isinstance(recipe, Adversarial) else None
    if discriminator is not None:
        plan.groups.append({"params": list(discriminator.parameters()), "lr": recipe.learning_rate})

    def objective(measured: Batch, share: float) -> Tensor:
        size = len(measured.drivers)
        rows = torch.from_numpy(rng.integers(0, len(source), size))
        ours, ours_pooled = pooled_embedding(network, measured.drivers, measured.known)
        theirs, theirs_pooled = pooled_embedding(network, data.drivers[rows], measured.known)
        value = masked_loss(head(ours), measured.targets)
        value = value + recipe.source_weight * masked_loss(head(theirs) * ratio, data.targets[rows] * ratio)
        if discriminator is None or not isinstance(recipe, Adversarial):
            return value
        return value + domain_loss(discriminator, theirs_pooled, ours_pooled, recipe.weight * ramp(share))

    return Plan(network, plan.groups, objective, plan.advance)


def digest(source: SiteYears) -> str:
    """A hash of simulated windows, which decide the result of a recipe that trains on them beside all else."""
    values = hashlib.sha256()
    for part in (source.drivers, source.targets):
        values.update(np.ascontiguousarray(part).tobytes())
    return values.hexdigest()[:20]


def _discriminator(recipe: Adversarial, network: nn.Module, seed: int) -> nn.Module:
    features = linear_head(network).in_features
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(features, recipe.hidden), nn.ReLU(), nn.Linear(recipe.hidden, 1))


def simulated(ds: xr.Dataset, checkpoint: Checkpoint, count: int = 96, seed: int = 0) -> SiteYears:
    """``count`` windows of a simulation, drawn by ``seed`` over sites, scenarios and the model's training years.

    Raises SelectionError where ``ds`` holds no two consecutive training years of the model, or for an adapted model;
    DataError for leap years of 366 days.
    """
    if adapted := checkpoint.card.training.get("source_model"):
        raise SelectionError(
            f"{checkpoint.card.id} was adapted to measurements and tells no simulated years that it learned from: "
            f"begin with {adapted['id']} instead"
        )
    years = sorted(set(windows.calendar_years(ds)) & set(checkpoint.card.split["train"]))
    pairs = [year for year in years if year - 1 in years]
    if not pairs:
        raise SelectionError("the source holds no two consecutive training years of the model: give its own data set")
    rng = np.random.default_rng(seed)
    sites = np.sort(rng.permutation(ds.sizes["site"])[:_SITES])
    span = windows.span(ds, years)
    part = ds[[n for n in (*schema.DRIVERS, *schema.TARGETS) if n in ds]].isel(site=sites, time=span).load()
    drivers, targets = windows.drivers(part, checkpoint.drivers.names, unknown=True), windows.targets(part)
    starts = windows.calendar_years(part)
    if any(days.stop - days.start != YEAR_DAYS for days in starts.values()):
        raise DataError("the source holds years of 366 days, and models count 365: give a noleap data set")
    keys, x, y = [], [], []
    for _ in range(count):
        site, scenario = int(rng.integers(len(sites))), int(rng.integers(drivers.shape[1]))
        year = int(rng.choice(pairs))
        days = slice(starts[year - 1].start, starts[year - 1].start + 2 * YEAR_DAYS)
        keys.append((str(part["site"].to_numpy()[site]), year))
        x.append(checkpoint.drivers.scale(drivers.gather(np.array([site]), np.array([scenario]), days)[0]))
        y.append(targets[site, scenario, days][-YEAR_DAYS:])
    stacked = np.stack(x)
    return SiteYears(tuple(keys), np.nan_to_num(stacked), np.isfinite(stacked), np.stack(y))
