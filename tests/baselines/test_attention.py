"""Local attention against the plain masked form, and positions that know nothing but distance."""

import math

import pytest
import torch
from torch import nn

from agroflux.baselines import registry
from agroflux.baselines.attention import local
from agroflux.baselines.transformer import rotations, turned
from agroflux.errors import ModelError


def naive(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int) -> torch.Tensor:
    day = torch.arange(q.shape[2])
    behind = day[:, None] - day
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.masked_fill((behind < 0) | (behind >= window), -math.inf).softmax(-1) @ v


@pytest.mark.parametrize("days", [1, 7, 16, 17, 50, 64, 150])
@pytest.mark.parametrize(("window", "block"), [(16, 16), (16, 8), (16, 5), (3, 8), (1, 4)])
def test_it_equals_the_masked_matrix(days: int, window: int, block: int) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, days, 5, requires_grad=True) for _ in range(3))
    mine, plain = local(q, k, v, window, block), naive(q, k, v, window)
    mine = mine.transpose(1, 2)
    torch.testing.assert_close(mine, plain)
    with torch.no_grad():  # block by block, where nothing learns
        torch.testing.assert_close(local(q, k, v, window, block).transpose(1, 2), plain)
    weight = torch.randn_like(plain)
    ours = torch.autograd.grad((mine * weight).sum(), (q, k, v))
    theirs = torch.autograd.grad((plain * weight).sum(), (q, k, v))
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_a_product_depends_on_the_days_between_alone() -> None:
    torch.manual_seed(0)
    q, k = torch.randn(1, 1, 6), torch.randn(1, 1, 6)
    turns = rotations(400, 3, q.device)
    turned_q, turned_k = (turned(x.repeat(1, 400, 1), turns, torch.zeros_like(turns))[0] for x in (q, k))
    products = [turned_q[t] @ turned_k[t - 9] for t in (9, 50, 399)]
    torch.testing.assert_close(products[1:], products[:1] * 2, atol=1e-4, rtol=1e-4)
    assert not torch.isclose(products[0], turned_q[50] @ turned_k[42], atol=1e-3)


def plain_layer(layer: nn.Module, x: torch.Tensor, window: int) -> torch.Tensor:
    """Vaswani et al. (2017), section 3.2, with the positions of Su et al. (2021), eq. 34, written out."""
    q, k, v = layer.qkv(layer.norm_attention(x)).unflatten(-1, (3, layer.heads, -1)).permute(2, 0, 3, 1, 4)
    half = q.shape[-1] // 2
    angle = torch.arange(x.shape[1])[:, None] * 1000.0 ** (-torch.arange(half) / half)
    cos, sin = angle.cos(), angle.sin()
    q, k = (
        torch.cat([p[..., :half] * cos - p[..., half:] * sin, p[..., :half] * sin + p[..., half:] * cos], -1)
        for p in (q, k)
    )
    x = x + layer.mix(naive(q, k, v, window).transpose(1, 2).flatten(2))
    return x + layer.feed(layer.norm_feed(x))


@pytest.mark.parametrize("preset", registry.PRESETS)
@pytest.mark.parametrize("days", [40, 365])
def test_a_transformer_equals_one_that_is_written_out(preset: str, days: int) -> None:
    torch.manual_seed(0)
    net = registry.build("transformer", preset=preset)
    for layer in net.encoder:
        torch.nn.init.normal_(layer.qkv.bias)
    x = torch.randn(3, days, 11)
    hidden = net.embedding(x)
    for layer in net.encoder:
        hidden = plain_layer(layer, hidden, registry.configuration("transformer", preset)["window"])
    plain = net.head(net.norm(hidden))
    torch.testing.assert_close(net(x), plain, atol=1e-5, rtol=1e-4)
    ours = torch.autograd.grad(net(x).square().mean(), list(net.parameters()))
    theirs = torch.autograd.grad(plain.square().mean(), list(net.parameters()))
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-3)
    with torch.inference_mode():
        torch.testing.assert_close(net.eval()(x), plain, atol=1e-5, rtol=1e-4)


def test_what_a_prediction_made_serves_training() -> None:
    net, x = registry.build("transformer", hidden=16, layers=1, heads=2, feed=32, window=21), torch.randn(1, 150, 11)
    with torch.inference_mode():
        net(x)
    net(x).square().mean().backward()
    assert net.encoder[0].qkv.weight.grad.abs().sum() > 0


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
    with pytest.raises(ModelError, match="leaves 25 features, which make no pairs"):
        registry.build("transformer", hidden=50, heads=2)
