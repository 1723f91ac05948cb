"""Pyramidal attention, which is computed tile by tile, against the definition of the graph, pair by pair."""

import math

import pytest
import torch
from torch import Tensor

from agroflux.baselines import pyramid, registry
from agroflux.errors import ModelError

PROCESSOR = torch.device("cpu")


def dense_mask(counts: list[int], fan: int, reach: int, bias: list[Tensor]) -> Tensor:
    """Minus infinity, or the bias ``(kinds, heads)`` of the asking node's scale: ``(heads, nodes, nodes)``."""
    nodes = [(scale, k) for scale, n in enumerate(counts) for k in range(n)]
    mask = torch.full((bias[0].shape[1], len(nodes), len(nodes)), -math.inf)
    for a, (scale, k) in enumerate(nodes):
        for b, (other, m) in enumerate(nodes):
            if other == scale and abs(m - k) <= reach:
                mask[:, a, b] = bias[scale][m - k + reach]
            elif other == scale - 1 and m // fan == k:
                mask[:, a, b] = bias[scale][2 * reach + 1 + m % fan]
            elif other == scale + 1 and k // fan == m:
                mask[:, a, b] = bias[scale][-1]
    return mask


# Tiles stand on 16 days with fans of 2 and 4, on 9 with 3, on a node's children with more than 16.
@pytest.mark.parametrize("days", [1, 3, 15, 16, 17, 65])
@pytest.mark.parametrize(
    ("fan", "scales", "reach"),
    [(4, 5, 1), (4, 4, 2), (4, 3, 1), (3, 4, 3), (2, 2, 1), (2, 7, 1), (5, 3, 0), (20, 3, 1), (2, 3, 40)],
)
def test_it_equals_attention_under_the_mask_of_the_graph(days: int, fan: int, scales: int, reach: int) -> None:
    torch.manual_seed(0)
    counts = pyramid.sizes(days, fan, scales)
    bias = [torch.randn(n, 3, requires_grad=True) for n in pyramid.kinds(fan, scales, reach)]
    qkv = torch.randn(2, sum(counts), 3, 3, 5, requires_grad=True)
    tiles = pyramid.tiles(days, fan, scales, reach, PROCESSOR)
    mine = pyramid.attention(qkv, tiles, tiles.mask(torch.cat(bias)))
    q, k, v = qkv.unbind(2)
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(5) + dense_mask(counts, fan, reach, bias)
    plain = torch.einsum("bhqk,bkhd->bqhd", scores.softmax(-1), v).flatten(2)
    torch.testing.assert_close(mine, plain)
    with torch.inference_mode():  # by torch's fused attention
        torch.testing.assert_close(pyramid.attention(qkv, tiles, tiles.mask(torch.cat(bias))), plain)
    weight, into = torch.randn_like(plain), (qkv, *bias)
    ours = torch.autograd.grad((mine * weight).sum(), into, allow_unused=True)
    theirs = torch.autograd.grad((plain * weight).sum(), into, allow_unused=True)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, torch.zeros_like(one) if other is None else other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("days", [1, 41])
def test_no_series_give_no_answers(days: int) -> None:
    network = registry.build("pyraformer", hidden=8, heads=2, fan=3, scales=3, narrow=3)
    assert network(torch.zeros(0, days, 11)).shape == (0, days, 20)


def test_tiles_made_in_inference_serve_a_training() -> None:
    network = registry.build("pyraformer", hidden=8, heads=2, fan=3, scales=3, narrow=3)
    x = torch.randn(1, 41, 11)
    pyramid.tiles.cache_clear()
    with torch.inference_mode():
        network(x)
    network(x).sum().backward()
    assert all(weight.grad is not None for weight in network.parameters())


def test_a_day_is_decoded_from_its_node_of_each_scale() -> None:
    tiles = pyramid.tiles(7, 2, 3, 1, PROCESSOR)
    days = [[0, 7, 11], [1, 7, 11], [2, 8, 11], [3, 8, 11], [4, 9, 12], [5, 9, 12], [6, 10, 12]]
    assert tiles.above.view(7, 3).tolist() == days


def test_memory_grows_in_step_with_the_series() -> None:
    short, long = (
        sum(table.numel() for table in pyramid.tiles(days, 4, 5, 1, PROCESSOR)) for days in (1024, 10 * 1024)
    )
    assert long < 10.5 * short


def test_a_coarser_scale_is_a_strided_convolution() -> None:
    torch.manual_seed(0)
    net = registry.build("pyraformer", hidden=8, heads=2, fan=4, scales=2, narrow=3)
    x, join = torch.randn(2, 20, 8), net.coarser.joins[0]
    kernel = join.weight.view(3, 4, 3).transpose(1, 2)
    narrow = net.coarser.down(x).transpose(1, 2)
    coarse = torch.nn.functional.elu(torch.nn.functional.conv1d(narrow, kernel, join.bias, stride=4))
    expected = net.coarser.norm(net.coarser.up(coarse.transpose(1, 2)))
    torch.testing.assert_close(net.coarser(x)[:, 20:], expected)


def test_one_scale_is_no_pyramid() -> None:
    with pytest.raises(ModelError, match="at least 2"):
        registry.build("pyraformer", scales=1)
