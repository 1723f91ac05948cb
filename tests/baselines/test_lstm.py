"""What the LSTM has beyond any network (test_networks.py): a state that carries on, and its long memory."""

import pytest
import torch

from agroflux.baselines import registry


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return registry.build("lstm", 11, 20, hidden=16).eval()


def test_the_state_carries_on(network: torch.nn.Module) -> None:
    x = torch.randn(2, 50, 11)
    first, state = network.step(x[:, :20], None)
    second, _ = network.step(x[:, 20:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), network(x))


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
