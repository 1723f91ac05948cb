"""What optimisers do at each step, noted while a real training runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook


class Step(NamedTuple):
    """Learning rate of each group of weights, and the length of the gradient over all of them."""

    rates: list[float]
    norm: float


@contextmanager
def noted() -> Iterator[list[Step]]:
    """The steps of every optimiser that runs within."""
    steps: list[Step] = []

    def note(optimiser: torch.optim.Optimizer, *_: Any) -> None:
        groups = optimiser.param_groups
        norms = [p.grad.norm() for group in groups for p in group["params"]]
        steps.append(Step([group["lr"] for group in groups], float(torch.stack(norms).norm())))

    hook = register_optimizer_step_post_hook(note)
    try:
        yield steps
    finally:
        hook.remove()
