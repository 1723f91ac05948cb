"""What counts in the loss of a step and of an epoch, how the rate moves, and how long weights are remembered."""

import pytest
import torch
from torch import nn

from agroflux.training.module import Supervised, _ema


class _Plain(nn.Linear):
    def __init__(self) -> None:
        super().__init__(2, 2)

    def forward(self, x: torch.Tensor, known: torch.Tensor | None = None) -> torch.Tensor:
        return super().forward(x)


def test_days_of_the_warmup_count_for_nothing() -> None:
    module = Supervised(_Plain(), torch.ones(2), 3, 1e-3, 0.9, lambda step: 0.0)
    x, y = torch.randn(2, 5, 2), torch.randn(2, 5, 2)
    squares, count = module._sums(module.network, (x, y))
    y[:, :3] += 9.0
    again, _ = module._sums(module.network, (x, y))
    assert count.tolist() == [4, 4]
    assert torch.equal(again, squares)


def test_the_rate_rises_over_fifty_steps_and_falls_along_a_cosine() -> None:
    module = Supervised(_Plain(), torch.ones(2), 0, 1e-3, 0.9, lambda step: step / 1000)
    rates = [module._rate(step) for step in (0, 24, 500, 1000, 2000)]
    assert rates == pytest.approx([1 / 50, 0.4993, 0.51, 0.02, 0.02], abs=1e-3)


def test_the_memory_of_the_average_grows_to_that_of_the_decay() -> None:
    average, kept, new = _ema(0.9), torch.tensor(1.0), torch.tensor(0.0)
    assert [average(kept, new, count).item() for count in (1, 10**6)] == pytest.approx([2 / 11, 0.9])


def test_the_validation_loss_of_an_epoch_forgets_the_epochs_before() -> None:
    module = Supervised(_Plain(), torch.ones(2), 0, 1e-3, 0.9, lambda step: 0.0)
    batch = torch.randn(2, 5, 2), torch.randn(2, 5, 2)
    for _ in range(2):
        module.on_validation_epoch_start()
        module.validation_step(batch, 0)
    assert module.count.tolist() == [10, 10]
