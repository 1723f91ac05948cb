"""The masked loss."""

import torch

from agroflux.training import loss


def test_missing_values_add_nothing_and_pass_no_gradient() -> None:
    nan = float("nan")
    predicted = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]], requires_grad=True)
    observed = torch.tensor([[[0.0, nan], [1.0, 1.0]]])
    squares, count = loss.squared_errors(predicted, observed)
    assert squares.tolist() == [5.0, 9.0]
    assert count.tolist() == [2, 1]
    value = loss.weighted_mean(squares, count, torch.tensor([1.0, 3.0]))
    assert value.item() == (2.5 + 3 * 9.0) / 4
    value.backward()
    assert predicted.grad is not None
    assert predicted.grad[0, 0, 1] == 0.0
    assert torch.isfinite(predicted.grad).all()


def test_a_target_without_values_has_no_weight() -> None:
    squares, count = torch.tensor([4.0, 0.0]), torch.tensor([2, 0])
    assert loss.weighted_mean(squares, count, torch.tensor([1.0, 1.0])).item() == 2.0
