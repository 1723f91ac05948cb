"""Masked loss on standardised targets, as additive sums so that batches can be merged."""

import torch
from torch import Tensor


def squared_errors(predicted: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
    """Sum of squared errors and number of values, each ``(targets,)``, of ``(batch, time, targets)``.

    NaN in ``observed`` is no value: it adds to neither sum and passes no gradient.
    """
    known = ~torch.isnan(observed)
    error = torch.where(known, predicted - torch.nan_to_num(observed), torch.zeros_like(predicted))
    return error.square().sum(dim=(0, 1)), known.sum(dim=(0, 1))


def weighted_mean(squares: Tensor, count: Tensor, weights: Tensor) -> Tensor:
    """Mean squared error of each target over its own values, then the weighted mean over targets that have any."""
    used = weights * (count > 0)
    return (used * squares / count.clamp(min=1)).sum() / used.sum().clamp(min=1e-12)
