"""Pyramidal attention against the dense masked form of the same graph."""

import math

import pytest
import torch

from agroflux.baselines import pyramid, registry
from agroflux.errors import ModelError


def dense_mask(counts: list[int], fan: int, reach: int) -> torch.Tensor:
    """Which node sees which, from the definition of neighbours, children and parent, pair by pair."""
    nodes = [(scale, k) for scale, n in enumerate(counts) for k in range(n)]
    mask = torch.zeros(len(nodes), len(nodes), dtype=torch.bool)
    for a, (scale, k) in enumerate(nodes):
        for b, (other, m) in enumerate(nodes):
            neighbour = other == scale and abs(m - k) <= reach
            child = other == scale - 1 and m // fan == k
            parent = other == scale + 1 and k // fan == m
            mask[a, b] = neighbour or child or parent
    return mask


@pytest.mark.parametrize("days", [1, 5, 16, 50])
@pytest.mark.parametrize(("fan", "scales", "reach"), [(4, 3, 1), (3, 4, 2), (2, 2, 1)])
def test_it_equals_attention_under_the_mask_of_the_graph(days: int, fan: int, scales: int, reach: int) -> None:
    torch.manual_seed(0)
    counts = pyramid.sizes(days, fan, scales)
    q, k, v = (torch.randn(2, sum(counts), 3, 5, requires_grad=True) for _ in range(3))
    bias = pyramid.absent(counts, fan, reach, q.device)
    mine = pyramid.attention(q, k, v, counts, fan, reach, bias)
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(5)
    seen = scores.masked_fill(~dense_mask(counts, fan, reach), -math.inf).softmax(-1)
    plain = torch.einsum("bhqk,bkhd->bqhd", seen, v)
    torch.testing.assert_close(mine, plain)
    weight = torch.randn_like(plain)
    ours = torch.autograd.grad((mine * weight).sum(), (q, k, v))
    theirs = torch.autograd.grad((plain * weight).sum(), (q, k, v))
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


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
