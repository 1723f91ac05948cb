"""The LSTM as any baseline is asked to be, and its long memory."""

import pytest
import torch

from agroflux.baselines import registry
from agroflux.errors import ModelError


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return registry.build("lstm", 11, 20, hidden=16).eval()


@pytest.mark.parametrize("shape", [(1, 365, 11), (3, 40, 11)])
def test_any_batch_and_length(network: torch.nn.Module, shape: tuple[int, ...]) -> None:
    assert network(torch.zeros(shape)).shape == (*shape[:2], 20)


def test_a_prediction_does_not_depend_on_its_batch_mates(network: torch.nn.Module) -> None:
    x = torch.randn(4, 60, 11)
    whole, order = network(x), torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(network(x[order]), whole[order])
    torch.testing.assert_close(network(x[:1]), whole[:1])


def test_a_day_sees_no_later_day(network: torch.nn.Module) -> None:
    x = torch.randn(1, 60, 11)
    later = x.clone()
    later[:, 40:] += 5
    torch.testing.assert_close(network(later)[:, :40], network(x)[:, :40])
    assert not torch.allclose(network(later)[:, 40:], network(x)[:, 40:])


def test_the_state_carries_on(network: torch.nn.Module) -> None:
    x = torch.randn(2, 50, 11)
    first, state = network.step(x[:, :20], None)
    second, _ = network.step(x[:, 20:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), network(x))


def test_an_unknown_driver_counts_as_its_mean(network: torch.nn.Module) -> None:
    x = torch.randn(1, 10, 11)
    mask = torch.ones_like(x, dtype=torch.bool)
    mask[..., 3] = False
    x[..., 3] = float("nan")
    zero = torch.where(mask, x, torch.zeros_like(x))
    torch.testing.assert_close(network(x, mask), network(zero))


def test_it_can_remember_last_years_nitrogen() -> None:
    """The gradient of the last day reaches back a year; with torch's own biases it vanishes."""

    def reach(long: bool) -> float:
        torch.manual_seed(0)
        net = registry.build("lstm", 11, 20, hidden=32)
        if not long:
            for name in ("bias_ih_l0", "bias_hh_l0"):
                torch.nn.init.uniform_(getattr(net.lstm, name), -0.17, 0.17)
        x = torch.randn(2, 400, 11, requires_grad=True)
        net(x)[:, -1].sum().backward()
        return float(x.grad[:, :30].norm() / x.grad[:, -30:].norm())

    assert reach(True) > 1e-3
    assert reach(False) < 1e-6


def test_unknown_names_and_settings_are_refused() -> None:
    with pytest.raises(ModelError, match="use one of lstm"):
        registry.build("lstn")
    with pytest.raises(ModelError, match="no setting width"):
        registry.build("lstm", width=3)
