"""The EA-LSTM against a plain loop over the equations of the paper."""

import copy

import pytest
import torch

from agroflux import schema
from agroflux.baselines import registry
from agroflux.baselines.ealstm import EALSTM
from agroflux.errors import ModelError

SOIL = ["BD", "SAND", "SILT", "PH", "SOC"]


def by_hand(net: EALSTM, x: torch.Tensor) -> torch.Tensor:
    """Equations 7 to 12 of Kratzert et al. (2019), day by day."""
    s, d = x[:, 0, -5:], x[..., :-5]
    i = torch.sigmoid(net.input_gate(s))
    h = c = torch.zeros(len(x), net.hidden)
    found = []
    for day in range(x.shape[1]):
        f, g, o = net.cell(torch.cat([d[:, day], h], dim=1)).chunk(3, dim=1)
        c = torch.sigmoid(f) * c + i * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        found.append(net.head(h))
    return torch.stack(found, dim=1)


def soil_that_stays(batch: int, days: int) -> torch.Tensor:
    x = torch.randn(batch, days, 11)
    x[..., -5:] = x[:, :1, -5:]
    return x


@pytest.mark.parametrize("preset", registry.PRESETS)
def test_it_equals_a_loop_over_the_days(preset: str) -> None:
    torch.manual_seed(0)
    net, x = registry.build("ealstm", preset=preset), soil_that_stays(3, 200)
    torch.testing.assert_close(net(x), by_hand(net, x), atol=1e-6, rtol=0)
    fused = torch.autograd.grad(net(x).square().mean(), list(net.parameters()))
    plain = torch.autograd.grad(by_hand(net, x).square().mean(), list(net.parameters()))
    torch.testing.assert_close(fused, plain, atol=1e-6, rtol=1e-4)


@torch.no_grad()
def test_weights_that_change_are_put_together_anew() -> None:
    torch.manual_seed(0)
    net, x = registry.build("ealstm", hidden=8).eval(), soil_that_stays(2, 30)
    net(x)
    net.cell.weight.add_(0.1)
    torch.testing.assert_close(net(x), by_hand(net, x), atol=1e-6, rtol=0)
    net.load_state_dict(registry.build("ealstm", hidden=8).state_dict())
    torch.testing.assert_close(net(x), by_hand(net, x), atol=1e-6, rtol=0)
    net.input_gate.weight.data = net.input_gate.weight.data * 2.0
    torch.testing.assert_close(net(x), by_hand(net, x), atol=1e-6, rtol=0)
    other = copy.deepcopy(net)
    other.input_gate.bias.sub_(1.0)
    torch.testing.assert_close(other(x), by_hand(other, x), atol=1e-6, rtol=0)
    torch.testing.assert_close(net(x), by_hand(net, x), atol=1e-6, rtol=0)


def test_weights_kept_by_a_prediction_are_not_those_that_learn() -> None:
    """A validation, then a step of training: the gradient reaches every weight, and so it does again."""
    torch.manual_seed(0)
    net, x = registry.build("ealstm", hidden=8), soil_that_stays(2, 30)
    with torch.no_grad():
        net(x)
    for _ in range(2):
        net.zero_grad()
        net(x).square().mean().backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_weights_made_where_nothing_is_counted_serve_too() -> None:
    with torch.inference_mode():
        net, x = registry.build("ealstm", hidden=8).eval(), soil_that_stays(2, 30)
        net(x)
        net.cell.weight.add_(0.1)
        torch.testing.assert_close(net(x), by_hand(net, x), atol=1e-6, rtol=0)


def test_soil_is_what_sets_the_gate() -> None:
    net = registry.build("ealstm", hidden=8)
    assert [schema.DRIVERS[k] for k in net.static] == SOIL == registry.configuration("ealstm")["static"]
    assert [schema.DRIVERS[k] for k in EALSTM(11, 20, hidden=8).static] == SOIL


def test_the_state_carries_on() -> None:
    net, x = registry.build("ealstm", hidden=16).eval(), soil_that_stays(2, 50)
    first, state = net.step(x[:, :20], None)
    second, _ = net.step(x[:, 20:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), net(x))


@pytest.mark.parametrize("static", [[], ["CLAY"], list(schema.DRIVERS)])
def test_static_drivers_that_make_no_sense_are_refused(static: list[str]) -> None:
    with pytest.raises(ModelError, match=r"static=.*: give a list of some, not all, of TMAX"):
        registry.build("ealstm", static=static)
