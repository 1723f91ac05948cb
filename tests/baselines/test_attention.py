"""Local attention against the plain masked form, and positions that know nothing but distance."""

import math

import pytest
import torch

from agroflux.baselines import registry
from agroflux.baselines.attention import local
from agroflux.baselines.transformer import rotations, turned
from agroflux.errors import ModelError


def naive(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int) -> torch.Tensor:
    day = torch.arange(q.shape[2])
    behind = day[:, None] - day
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.masked_fill((behind < 0) | (behind >= window), -math.inf).softmax(-1) @ v


@pytest.mark.parametrize("days", [1, 7, 16, 17, 50, 64])
@pytest.mark.parametrize(("window", "block"), [(16, 16), (16, 8), (16, 5), (3, 8), (1, 4)])
def test_it_equals_the_masked_matrix(days: int, window: int, block: int) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, days, 5, requires_grad=True) for _ in range(3))
    mine, plain = local(q, k, v, window, block), naive(q, k, v, window)
    torch.testing.assert_close(mine, plain)
    weight = torch.randn_like(plain)
    ours = torch.autograd.grad((mine * weight).sum(), (q, k, v))
    theirs = torch.autograd.grad((plain * weight).sum(), (q, k, v))
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_a_product_depends_on_the_days_between_alone() -> None:
    q, k = torch.randn(5), torch.randn(5)  # an odd feature is left as it is
    angles = rotations(400, 2, q.device)
    turned_q, turned_k = turned(q.expand(400, 5), angles), turned(k.expand(400, 5), angles)
    products = [turned_q[t] @ turned_k[t - 9] for t in (9, 50, 399)]
    torch.testing.assert_close(products[1:], products[:1] * 2, atol=1e-4, rtol=1e-4)
    assert not torch.isclose(products[0], turned_q[50] @ turned_k[42], atol=1e-3)


def test_a_transformer_knows_days_by_their_order_and_not_by_their_date() -> None:
    torch.manual_seed(0)
    net = registry.build("transformer", hidden=16, layers=2, heads=2, feed=32, window=20).eval()
    x = torch.randn(1, 120, 11)
    with torch.no_grad():
        torch.testing.assert_close(net(x[:, 40:])[:, 50:], net(x)[:, 90:], atol=1e-5, rtol=1e-4)
        swapped = x.clone()
        swapped[:, [100, 105]] = x[:, [105, 100]]
        assert not torch.allclose(net(swapped)[:, -1], net(x)[:, -1], atol=1e-4)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    for name in ("transformer", "pyraformer"):
        with pytest.raises(ModelError, match="multiple of heads"):
            registry.build(name, hidden=50, heads=4)
