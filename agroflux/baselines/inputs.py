"""What every network does with its input: unknown drivers count as their mean, and few series run at a time."""

from collections.abc import Callable

import torch
from torch import Tensor


def known(x: Tensor, mask: Tensor | None) -> Tensor:
    """Standardised drivers ``(batch, time, drivers)`` with 0, the mean, where ``mask`` (same shape) is false."""
    return x if mask is None else torch.where(mask, x, torch.zeros_like(x))


def grouped(run: Callable[[Tensor], Tensor], x: Tensor, days: int) -> Tensor:
    """``run(x)`` on at most ``days`` site-days at once (at least one series), joined along the batch.

    On a processor activations then stay in its cache, and memory does not grow with the batch; a longer series
    only makes the groups smaller. Elsewhere the whole batch runs at once.

    Args:
        run: maps ``(batch, time, drivers)`` to ``(batch, time, features)``, each series for itself.
        x: ``(batch, time, drivers)``.
    """
    size = max(1, days // max(1, x.shape[1]))
    if len(x) <= size or x.device.type != "cpu":
        return run(x)
    return torch.cat([run(part) for part in x.split(size)])
